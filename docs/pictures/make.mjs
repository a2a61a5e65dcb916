// Makes the README's pictures from a fixture: the terminal page and the HTML report, as they are today.
// Usage, from the repository: node docs/pictures/make.mjs RDPWHY [CHROMIUM [STORE]]
// STORE is what `cargo run --example many_tickets -- 3000 STORE --store --patch-tuesday` wrote: the picture of a fleet.
// needs playwright-core, from RDPWHY_NODE_MODULES or beside this file.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [rdpwhy, chromium = '/usr/bin/chromium', store] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const bundle = 'fixtures/cases/key-access-denied-after-hardening/bundle';
const modules = process.env.RDPWHY_NODE_MODULES;
const require = createRequire(modules ? join(modules, 'x.js') : import.meta.url);
const { chromium: driver } = require('playwright-core');
const dir = mkdtempSync(join(tmpdir(), 'rdpwhy-'));

const run = (args, env) => execFileSync(rdpwhy, args, { encoding: 'utf8', env: { ...process.env, ...env } });

// The styles that the page uses, and what a terminal makes of them.
const STYLES = { 1: 'b', 2: 'd', 31: 'r', 32: 'g', 33: 'y' };
function terminal(text) {
  const escape = (part) => part.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);
  let open = [];
  const parts = text.split(/\x1b\[([0-9;]*)m/);
  return parts.map((part, index) => {
    if (index % 2 === 0) return open.length ? `<span class="${open.join(' ')}">${escape(part)}</span>` : escape(part);
    const codes = part.split(';').map(Number);
    open = codes.includes(0) || part === '' ? [] : [...open, ...codes.map((code) => STYLES[code]).filter(Boolean)];
    return '';
  }).join('');
}

const page = run(['analyze', bundle], { CLICOLOR_FORCE: '1' }).split('\n').slice(0, 46).join('\n');
const shown = join(dir, 'page.html');
writeFileSync(shown, `<!doctype html><meta charset=utf-8><style>
body{margin:0;background:#1b2027;color:#d9dde3;font:14px/1.4 "DejaVu Sans Mono",monospace;display:inline-block}
pre{margin:0;padding:18px 24px;font:inherit}.b{font-weight:700}.d{color:#97a1ae}.r{color:#f1938f}.g{color:#8fd0a6}.y{color:#e8bf6c}
.p{color:#97a1ae}</style><pre><span class=p>$ rdpwhy analyze ${bundle}</span>\n${terminal(page)}</pre>`);
const report = join(dir, 'report.html');
writeFileSync(report, run(['analyze', bundle, '--format', 'html']));

const browser = await driver.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
const tab = await browser.newPage({ viewport: { width: 1280, height: 1180 }, colorScheme: 'light' });
await tab.goto(pathToFileURL(shown).href);
await tab.locator('pre').screenshot({ path: join(here, 'page.png') });
await tab.goto(pathToFileURL(report).href);
await tab.screenshot({ path: join(here, 'report.png') });
await tab.locator('#timeline').evaluate((one) => one.scrollIntoView({ behavior: 'instant' }));
await tab.locator('.chart .mark.evidence').first().click();
await tab.locator('#timeline').screenshot({ path: join(here, 'timeline.png') });
if (store) {
  const fleet = join(dir, 'fleet.html');
  writeFileSync(fleet, run(['fleet', store, '--format', 'html']));
  await tab.goto(pathToFileURL(fleet).href);
  await tab.screenshot({ path: join(here, 'fleet.png') });
}
await browser.close();
