// The table of lines: only those in view are in the document.
function makeTable(lines, pick) {
  const COLUMNS = ['No.', 'Time', 'Computer', 'Role', 'Event', 'What', 'Source'];
  const head = node('tr', {}, ...COLUMNS.map((name) => node('th', { scope: 'col' }, name)));
  const above = node('tbody', { 'aria-hidden': 'true' }), body = node('tbody'), below = node('tbody', { 'aria-hidden': 'true' });
  const table = node('table', { class: 'rows virtual' }, node('thead', {}, head), above, body, below);
  const box = node('div', { class: 'window', tabindex: '0', role: 'region', 'aria-label': 'Lines of the timeline' }, table);
  const template = document.createElement('template');
  let shown = [], active = 0, chosen = -1, height = 36, from = -1, all = false;

  // What stands in a line is made harmless where the page is written; the policy of the page allows nothing else anyway.
  function parsed(index) {
    template.innerHTML = '<table><tbody>' + lines[index];
    return template.content.querySelector('tr');
  }

  function line(at) {
    const index = shown[at], row = parsed(index), cells = row.cells;
    row.setAttribute('aria-rowindex', at + 2);
    if (index === chosen) row.setAttribute('aria-current', 'true');
    const open = node('button', { type: 'button', tabindex: at === active ? '0' : '-1', 'aria-label': 'Show line ' + (index + 1) }, String(index + 1));
    cells[0].replaceChildren(open);
    const full = cells[2].textContent;
    if (!all) { cells[2].textContent = full.split('.')[0]; cells[2].title = full; }
    cells[5].replaceChildren(cells[5].querySelector('summary').textContent);
    row.at = at;
    return row;
  }

  function draw(force) {
    const room = all ? shown.length : Math.ceil(box.clientHeight / height) + 12;
    const start = all ? 0 : Math.max(0, Math.min(shown.length - room, Math.floor(box.scrollTop / height) - 6));
    if (start === from && !force) return;
    from = start;
    const end = Math.min(shown.length, start + room);
    const focus = body.contains(document.activeElement), made = [];
    for (let at = start; at < end; at++) made.push(line(at));
    body.replaceChildren(...made);
    if (focus) focusActive();
    space(above, start);
    space(below, shown.length - end);
    table.setAttribute('aria-rowcount', shown.length + 1);
  }

  function space(part, count) {
    if (!count) { part.replaceChildren(); return; }
    // Columns that are hidden would take room of their own in a row that spans them.
    const columns = [...head.cells].filter((one) => one.offsetWidth > 0).length;
    const cell = node('td', { colspan: columns || 1 });
    cell.style.height = count * height + 'px';
    part.replaceChildren(node('tr', {}, cell));
  }

  function reveal(at) {
    const top = at * height;
    if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 3 * height) box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    draw(true);
  }

  function move(by) {
    active = Math.max(0, Math.min(shown.length - 1, active + by));
    reveal(active);
    focusActive();
  }

  function focusActive() {
    const row = [...body.rows].find((one) => one.at === active);
    if (row) row.querySelector('button').focus({ preventScroll: true });
  }

  box.addEventListener('scroll', () => draw(false));
  body.addEventListener('click', (event) => {
    const row = event.target.closest('tr');
    if (row) { active = row.at; pick(shown[row.at]); }
  });
  box.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (!by || !event.target.closest('button')) return;
    event.preventDefault();
    move(by);
  });

  return {
    box,
    parsed,
    text: (index) => { const cell = parsed(index).cells; return cell[1].textContent + ' ' + cell[5].querySelector('summary').textContent; },
    show(list) { shown = list; active = 0; box.scrollTop = 0; this.measure(); draw(true); },
    measure() { if (body.rows[0] && body.rows[0].offsetHeight) height = body.rows[0].offsetHeight; },
    choose(index) { chosen = index; const at = shown.indexOf(index); if (at >= 0) { active = at; reveal(at); } else draw(true); return at >= 0; },
    whole(on) { all = on; draw(true); },
    count: () => shown.length,
  };
}
