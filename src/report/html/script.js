// Puts chart, filters, table and record together, and a button beside each command.
(function start() {
  const root = document.getElementById('app');
  const data = JSON.parse(document.getElementById('data').textContent);
  const lines = document.getElementById('rows').textContent.split('\n').filter((line) => line.startsWith('<tr id='));
  let plain = null;
  const state = { text: '', host: '', kinds: new Set(data.incidents.length ? [0, 1, 2] : [0, 1, 2, 3]), follow: true };

  const table = makeTable(lines, pick);
  const chart = makeChart(data, table.text, pick, moved);
  const said = node('p', { class: 'note', role: 'status' });
  const record = node('section', { class: 'record-panel', 'aria-label': 'Record', 'aria-live': 'polite' });

  function button(text, act, label) {
    const made = node('button', { type: 'button' }, text);
    if (label) made.setAttribute('aria-label', label);
    made.addEventListener('click', act);
    return made;
  }

  function around(incident) {
    const [from, to] = data.incidents[incident];
    if (from === null) return chart.show(chart.whole[0], chart.whole[1]);
    const room = Math.max(20000, (to - from) / 12);
    chart.show(from - room, to + room);
  }

  // Without an incident, the time in which nearly all lines stand: one of the year in which an image was made would leave
  // no room for them.
  function crowded() {
    const times = data.rows.filter((row) => row[0] !== null).map((row) => row[0]);
    const from = times[Math.floor(times.length / 20)], [first, last] = chart.whole;
    if (times.length < 40 || last - from > (last - first) / 2) return chart.show(first, last);
    const room = Math.max(20000, (last - from) / 12);
    chart.show(from - room, last + room);
  }

  function buttons() {
    const incidents = data.incidents.slice(0, 8).map((_, index) => button('Incident ' + (index + 1), () => around(index)));
    return node('div', { class: 'tools', role: 'group', 'aria-label': 'Zoom' },
      ...incidents,
      button('All', () => chart.show(chart.whole[0], chart.whole[1]), 'All of the timeline'),
      button('Zoom in', () => chart.zoom(0.5)), button('Zoom out', () => chart.zoom(2)),
      button('Earlier', () => chart.pan(-0.4)), button('Later', () => chart.pan(0.4)));
  }

  function box(text, checked, act) {
    const input = node('input', { type: 'checkbox' });
    input.checked = checked;
    input.addEventListener('change', () => act(input.checked));
    return node('label', {}, input, ' ' + text);
  }

  function filters() {
    const find = node('input', { type: 'search', placeholder: 'words, codes, files', id: 'find' });
    find.addEventListener('input', () => { state.text = find.value.toLowerCase(); filter(); });
    const host = node('select', { id: 'host' }, node('option', { value: '' }, 'All computers'),
      ...data.hosts.map((name, index) => node('option', { value: String(index) }, name)));
    host.addEventListener('change', () => { state.host = host.value; filter(); });
    const counts = data.kinds.map((_, kind) => data.rows.filter((row) => row[3] === kind).length);
    const kinds = ['Changes', 'Connections', 'Evidence', 'Others'].map((text, kind) =>
      box(`${text} (${counts[kind]})`, state.kinds.has(kind), (on) => {
        if (on) state.kinds.add(kind); else state.kinds.delete(kind);
        chart.kinds(new Set(state.kinds));
      }));
    return node('div', { class: 'tools', role: 'group', 'aria-label': 'Filter' },
      node('label', { for: 'find' }, 'Find '), find, node('label', { for: 'host', class: 'only-read' }, 'Computer'), host, ...kinds,
      box('only what the chart shows', true, (on) => { state.follow = on; filter(); }));
  }

  function texts() {
    if (!plain) plain = lines.map((line) => line.replace(/<[^>]*>/g, ' ').toLowerCase());
    return plain;
  }

  function filter() {
    const wanted = state.text && state.text.replace(/[&<>"']/g, (sign) => '&' + { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }[sign] + ';');
    const [from, to] = chart.range(), everything = from <= chart.whole[0] && to >= chart.whole[1];
    const list = [];
    data.rows.forEach((row, index) => {
      if (!state.kinds.has(row[3]) || (state.host && row[2] !== +state.host)) return;
      if (state.follow && !everything && !chart.holds(index)) return;
      if (wanted && !texts()[index].includes(wanted)) return;
      list.push(index);
    });
    table.show(list);
    said.textContent = `${list.length} of ${lines.length} lines shown.`;
  }

  let waiting = 0;
  function moved() {
    if (!state.follow) return;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(filter);
  }

  function pick(index) {
    const row = table.parsed(index), cells = [...row.cells];
    const list = node('dl', {});
    ['Time', 'Computer', 'Role', 'Event', 'What', 'Source'].forEach((name, at) => {
      const cell = cells[at + 1], details = cell.querySelector('details');
      const text = details ? details.querySelector('summary').textContent : cell.textContent;
      if (text.trim()) list.append(node('dt', {}, name), node('dd', {}, text));
    });
    const more = cells[5].querySelector('dl');
    if (more) list.append(...more.children);
    record.replaceChildren(node('h3', {}, 'Line ' + (index + 1)), list);
    table.choose(index);
  }

  // A link to a line opens it, wherever it stands, and widens the view to hold it.
  function open(event) {
    const link = event.target.closest && event.target.closest('a[href^="#e"]');
    const index = link ? parseInt(link.getAttribute('href').slice(2), 10) - 1 : -1;
    if (!(index >= 0 && index < lines.length)) return;
    event.preventDefault();
    const kind = data.rows[index][3];
    if (!state.kinds.has(kind)) {
      state.kinds.add(kind);
      root.querySelectorAll('.tools input[type=checkbox]')[kind].checked = true;
      chart.kinds(new Set(state.kinds));
    }
    const time = data.rows[index][0];
    if (time !== null && !chart.holds(index)) {
      const [from, to] = chart.range(), room = Math.max(1000, (to - from) / 20);
      chart.show(Math.min(from, time - room), Math.max(to, time + room));
    }
    if (time === null) chart.show(chart.whole[0], chart.whole[1]);
    cancelAnimationFrame(waiting);
    filter();
    pick(index);
    record.tabIndex = -1;
    root.scrollIntoView();
    record.focus({ preventScroll: true });
  }

  function copyButtons() {
    for (const block of document.querySelectorAll('.command')) {
      const code = block.querySelector('code');
      const made = button('Copy', async () => {
        try { await navigator.clipboard.writeText(code.textContent); } catch {
          getSelection().selectAllChildren(code);
          document.execCommand('copy');
        }
        made.textContent = 'Copied';
        setTimeout(() => { made.textContent = 'Copy'; }, 1500);
      });
      block.append(made);
    }
  }

  const PRINTED = 2000;
  addEventListener('beforeprint', () => {
    document.querySelectorAll('details').forEach((one) => { one.dataset.was = one.open; one.open = true; });
    if (table.count() <= PRINTED) table.whole(true);
    root.classList.add('printing');
  });
  addEventListener('afterprint', () => {
    document.querySelectorAll('details').forEach((one) => { one.open = one.dataset.was === 'true'; });
    table.whole(false);
    root.classList.remove('printing');
  });

  copyButtons();
  if (!lines.length) return;
  const drawing = node('div', { class: 'drawing' }, chart.svg);
  root.append(buttons(), drawing, filters(), said, node('div', { class: 'split' }, table.box, record));
  record.append(node('p', { class: 'note' }, 'Choose a mark or a line to see its record.'));
  root.hidden = false;
  document.addEventListener('click', open);
  addEventListener('resize', () => chart.draw());
  chart.kinds(new Set(state.kinds));
  if (data.incidents.length) around(0); else crowded();
  filter();
  table.measure();
  filter();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}());
