'use strict';
// The zoomable timeline: a lane for each computer and kind of line, what is too near falls together into one mark.
const SVG = 'http://www.w3.org/2000/svg';

function node(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function makeChart(data, words, pick, moved) {
  const LANE = 26, TOP = 8, MARK = 14;
  const svg = drawn('svg', { class: 'chart', role: 'group' });
  const rows = data.rows;
  const dated = rows.findIndex((row) => row[0] === null);
  const count = dated < 0 ? rows.length : dated;
  const whole = count ? [rows[0][0], rows[count - 1][0]] : [0, 1];
  for (let i = 0; i < count; i++) whole[1] = Math.max(whole[1], rows[i][0] + rows[i][1]);
  let range = [whole[0], whole[1]], kinds = new Set([0, 1, 2]), focused = null;

  function first(time) {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle][0] < time) low = middle + 1; else high = middle;
    }
    return low;
  }

  function lanes() {
    const seen = new Map();
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      if (kinds.has(row[3])) seen.set(row[2] * 4 + row[3], true);
    }
    return [...seen.keys()].sort((a, b) => a - b).slice(0, 60);
  }

  function clock(time, span) {
    const text = new Date(time).toISOString();
    if (span > 4 * 864e5) return text.slice(0, 10);
    if (span > 6e5) return text.slice(5, 16).replace('T', ' ');
    return text.slice(11, span > 1e4 ? 19 : 23);
  }

  function ticks(left, width, height) {
    const span = range[1] - range[0], parts = width > 640 ? 5 : width > 400 ? 3 : 1;
    for (let part = 0; part <= parts; part++) {
      const x = left + (width * part) / parts;
      svg.append(drawn('line', { x1: x, x2: x, y1: TOP, y2: height - 22, class: 'tick' }));
      const label = drawn('text', {
        x, y: height - 6, class: 'time',
        'text-anchor': part === 0 ? 'start' : part === parts ? 'end' : 'middle',
      });
      label.textContent = clock(range[0] + (span * part) / parts, span);
      svg.append(label);
    }
  }

  function groups(left, width) {
    const scale = width / Math.max(1, range[1] - range[0]), found = new Map();
    const end = first(range[1] + 1);
    for (let i = first(range[0]); i < end; i++) {
      const [time, length, host, kind, , bad] = rows[i];
      if (!kinds.has(kind)) continue;
      const x = left + (time - range[0]) * scale, lane = host * 4 + kind;
      const key = lane + ':' + Math.floor(x / MARK);
      const known = found.get(key);
      const to = Math.min(left + width, x + length * scale);
      if (known) {
        known.rows.push(i);
        known.to = Math.max(known.to, to);
        known.bad = known.bad || bad;
      } else found.set(key, { lane, kind, x, to, bad, rows: [i] });
    }
    return [...found.values()].sort((a, b) => a.lane - b.lane || a.x - b.x);
  }

  function mark(group, y) {
    const { kind, x, to, bad } = group, many = group.rows.length;
    const made = drawn('g', {
      class: 'mark ' + data.kinds[kind] + (bad ? ' bad' : ''), role: 'button', tabindex: '-1', 'data-lane': group.lane,
    });
    const text = (many > 1 ? many + ' lines, first: ' : '') + words(group.rows[0]);
    made.setAttribute('aria-label', text.slice(0, 300));
    const title = drawn('title', {});
    title.textContent = text.slice(0, 300);
    made.append(title);
    if (kind === 0) made.append(drawn('path', { d: `M${x} ${y - 7}l7 7l-7 7l-7-7z` }));
    else if (kind === 1) made.append(drawn('rect', { x: x - 3, y: y - 7, width: Math.max(6, to - x), height: 14, rx: 3 }));
    else if (kind === 2) made.append(drawn('circle', { cx: x, cy: y, r: 6 }));
    else made.append(drawn('rect', { x: x - 1, y: y - 5, width: 3, height: 10 }));
    made.addEventListener('click', () => pick(group.rows[0]));
    made.row = group.rows[0];
    return made;
  }

  function draw() {
    const box = svg.parentNode ? svg.parentNode.clientWidth : 900;
    const narrow = box < 600, left = narrow ? 150 : 228, width = Math.max(120, box - left - 14);
    const list = lanes(), height = TOP + list.length * LANE + 28;
    svg.replaceChildren();
    svg.setAttribute('viewBox', `0 0 ${box} ${height}`);
    svg.setAttribute('width', box);
    svg.setAttribute('height', height);
    svg.setAttribute('aria-label', 'Timeline. Arrow keys move between marks, Enter opens one, plus and minus zoom.');
    ticks(left, width, height);
    for (const [from, to] of data.incidents) {
      if (from === null || to < range[0] || from > range[1]) continue;
      const scale = width / Math.max(1, range[1] - range[0]);
      const x = left + Math.max(0, (from - range[0]) * scale), end = left + Math.min(width, (to - range[0]) * scale);
      svg.append(drawn('rect', { x, y: TOP, width: Math.max(2, end - x), height: list.length * LANE, class: 'failing' }));
    }
    const place = new Map();
    list.forEach((lane, index) => {
      const y = TOP + index * LANE + LANE / 2, host = Math.floor(lane / 4);
      place.set(lane, y);
      if (index === 0 || Math.floor(list[index - 1] / 4) !== host) {
        const name = drawn('text', { x: 0, y: y + 4, class: 'host' });
        name.textContent = (data.hosts[host].split('.')[0]).slice(0, narrow ? 8 : 15);
        svg.append(name);
      }
      const kind = drawn('text', { x: left - 10, y: y + 4, class: 'lane', 'text-anchor': 'end' });
      kind.textContent = data.lanes[lane % 4];
      svg.append(kind, drawn('line', { x1: left, x2: left + width, y1: y, y2: y, class: 'rail' }));
    });
    for (const group of groups(left, width)) if (place.has(group.lane)) svg.append(mark(group, place.get(group.lane)));
    const marks = svg.querySelectorAll('.mark');
    const kept = [...marks].find((one) => one.row === focused) || marks[0];
    if (kept) kept.setAttribute('tabindex', '0');
    moved(range, whole);
  }

  function show(from, to) {
    const least = 50;
    if (to - from < least) { const middle = (from + to) / 2; from = middle - least / 2; to = middle + least / 2; }
    range = [from, to];
    draw();
  }

  function zoom(factor, at) {
    const middle = at === undefined ? (range[0] + range[1]) / 2 : at;
    show(middle - (middle - range[0]) * factor, middle + (range[1] - middle) * factor);
  }

  function pan(share) {
    const by = (range[1] - range[0]) * share;
    show(range[0] + by, range[1] + by);
  }

  function step(from, key) {
    const marks = [...svg.querySelectorAll('.mark')], lane = +from.getAttribute('data-lane');
    const at = marks.indexOf(from);
    let next = null;
    if (key === 'ArrowRight') next = marks[at + 1];
    if (key === 'ArrowLeft') next = marks[at - 1];
    if (key === 'ArrowDown') next = marks.find((one) => +one.getAttribute('data-lane') > lane);
    if (key === 'ArrowUp') next = marks.filter((one) => +one.getAttribute('data-lane') < lane).pop();
    if (!next) return;
    from.setAttribute('tabindex', '-1');
    next.setAttribute('tabindex', '0');
    focused = next.row;
    next.focus();
  }

  svg.addEventListener('keydown', (event) => {
    const own = event.target.closest('.mark');
    if (event.key === '+' || event.key === '=') zoom(0.5);
    else if (event.key === '-') zoom(2);
    else if (own && event.key.startsWith('Arrow')) step(own, event.key);
    else if (own && (event.key === 'Enter' || event.key === ' ')) pick(own.row);
    else return;
    event.preventDefault();
  });
  svg.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return; // the page itself must stay scrollable
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.4 : 0.7);
  }, { passive: false });
  return {
    svg, draw, show, zoom, pan, whole,
    kinds: (set) => { kinds = set; draw(); },
    holds: (index) => rows[index][0] !== null && rows[index][0] >= range[0] && rows[index][0] <= range[1],
    range: () => range,
  };
}
