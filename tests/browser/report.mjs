// Opens a report as people would and says what is wrong with it: one line a fault, nothing when all is well.
// Usage: node report.mjs CHROMIUM REPORT.html [SCREENSHOT-STEM]
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { readFileSync, statSync } from 'node:fs';

const [chromium, file, stem] = process.argv.slice(2);
const require = createRequire(process.env.RDPWHY_NODE_MODULES ? process.env.RDPWHY_NODE_MODULES + '/x.js' : import.meta.url);
const { chromium: driver } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core'), 'utf8');
const faults = [];
const fault = (text) => faults.push(text);
const expect = (holds, text) => { if (!holds) fault(text); };

const browser = await driver.launch({
  executablePath: chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const url = pathToFileURL(file).href;

async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) fault(`console: ${message.text()}`); });
  page.on('pageerror', (error) => fault(`script: ${error}`));
  page.on('request', (request) => { if (!request.url().startsWith(url)) fault(`request: ${request.url()}`); });
  await page.goto(url, { timeout: 60000 });
  return page;
}

async function accessible(page, when) {
  // The page's policy forbids foreign script, so axe runs from the driver's own world.
  const result = await page.evaluate(async (source) => {
    (0, eval)(source);
    return axe.run(document, { resultTypes: ['violations'] });
  }, axe).catch(() => null) || await viaBypass(page);
  for (const one of result.violations.filter((one) => ['serious', 'critical'].includes(one.impact))) {
    fault(`axe, ${when}: ${one.id} (${one.impact}) ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')} ${one.nodes[0].failureSummary.replace(/\s+/g, ' ').slice(0, 200)}`);
  }
}

async function viaBypass(page) {
  const context = await browser.newContext({ bypassCSP: true, viewport: page.viewportSize(), colorScheme: await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light') });
  const other = await context.newPage();
  await other.goto(url);
  await other.evaluate((source) => { (0, eval)(source); }, axe);
  const result = await other.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  await context.close();
  return result;
}

// As most people see it.
{
  const page = await open({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  // A page without script has nothing to wait for and nothing to use.
  const still = !await page.locator('#app').count();
  const ready = await page.evaluate(() => +document.documentElement.dataset.ready);
  console.error(`interactive after ${ready} ms, ${statSync(file).size} bytes`);
  if (process.env.RDPWHY_READY_MS && !still) expect(ready <= +process.env.RDPWHY_READY_MS, `interactive after ${ready} ms only`);
  const lines = still ? 0 : await page.evaluate(() => JSON.parse(document.getElementById('data').textContent).rows.length);
  if (stem) await page.screenshot({ path: `${stem}-1280.png`, fullPage: true });
  await accessible(page, 'light');
  if (lines) await use(page);
  await page.context().close();
}

async function use(page) {
  const status = page.locator('#app [role=status]');
  const count = async () => +(await status.textContent()).match(/^\d+/)[0];
  const before = await count();
  expect(before > 0, 'the timeline shows no line at first');

  await page.getByRole('button', { name: 'All of the timeline' }).click();
  await page.waitForTimeout(50);
  const all = await count();
  expect(all >= before, `zooming out shows ${all} lines of ${before}`);
  await page.getByLabel(/Others \(/).check();
  await page.waitForTimeout(50);
  expect(await count() === await page.evaluate(() => JSON.parse(document.getElementById('data').textContent).rows.length), 'not all lines are there with everything shown');

  const marks = await page.locator('.chart .mark').count();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await page.waitForTimeout(50);
  expect(await count() <= all || marks > 0, 'zooming in shows more lines');

  await page.getByRole('button', { name: 'All of the timeline' }).click();
  await page.waitForTimeout(50);
  const start = Date.now();
  await page.locator('#find').fill('schannel');
  await page.waitForTimeout(20);
  const found = await count();
  console.error(`filtered to ${found} lines in ${Date.now() - start} ms`);
  await page.locator('#find').fill('no such words anywhere');
  await page.waitForTimeout(20);
  expect(await count() === 0, 'a filter that fits nothing shows lines');
  await page.locator('#find').fill('');
  await page.getByRole('button', { name: 'All of the timeline' }).click();
  await page.waitForTimeout(50);

  await page.locator('.virtual tbody button').first().click();
  expect(/^Line \d+/.test(await page.locator('.record-panel h3').textContent()), 'a click on a line shows no record');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await page.locator('.record-panel h3').textContent() === 'Line 2', 'the arrow key and Enter do not open the next line');
  expect(/Source/.test(await page.locator('.record-panel').textContent()), 'a record tells no source');

  const mark = page.locator('.chart .mark').first();
  await mark.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  expect(/^Line \d+/.test(await page.locator('.record-panel h3').textContent()), 'a mark opens no record by keyboard');

  const link = page.locator('.grounds a.record, .changes a.record').first();
  if (await link.count()) {
    const number = (await link.getAttribute('href')).slice(2);
    await link.click();
    expect(await page.locator('.record-panel h3').textContent() === `Line ${number}`, 'a link of the evidence opens another line');
  }
  const copy = page.locator('.command button').first();
  if (await copy.count()) {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {});
    await copy.click();
    await page.waitForTimeout(50);
    expect(await copy.textContent() === 'Copied', 'a command cannot be copied');
  }
  const box = page.locator('.window');
  const live = async () => page.locator('.virtual tbody:not([aria-hidden]) tr').count();
  await box.evaluate((one) => { one.scrollTop = one.scrollHeight; });
  await page.waitForTimeout(50);
  expect(await live() < 120, `${await live()} rows are in the document at once`);
}

// Dark, and on a phone.
for (const [width, colorScheme] of [[1280, 'dark'], [390, 'light'], [390, 'dark']]) {
  const page = await open({ viewport: { width, height: 844 }, colorScheme });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide <= width, `at ${width} px the page is ${wide} px wide`);
  await accessible(page, `${width} px, ${colorScheme}`);
  if (stem) await page.screenshot({ path: `${stem}-${width}-${colorScheme}.png`, fullPage: true });
  await page.context().close();
}

// Without script, everything can be read.
{
  const page = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  expect(await page.locator('h1').isVisible(), 'no heading without script');
  const rows = page.locator('table.rows tbody tr');
  if (await rows.count()) {
    expect(await rows.first().isVisible(), 'no timeline without script');
    await rows.first().locator('summary').click();
    expect(await rows.first().locator('dl').isVisible(), 'no record without script');
  }
  if (stem) await page.screenshot({ path: `${stem}-noscript.png`, clip: { x: 0, y: 0, width: 1280, height: 900 } });
  await page.context().close();
}

// On paper: all lines of the filter, and nothing that only a screen can use.
{
  const page = await open({ viewport: { width: 1280, height: 900 } });
  const shown = await page.evaluate(() => +(document.querySelector('#app [role=status]')?.textContent.match(/^\d+/)?.[0] ?? 0));
  await page.evaluate(() => { window.printed = 0; addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('.virtual tbody:not([aria-hidden]) tr').length; }); });
  const pdf = await page.pdf({ format: 'A4', path: stem ? `${stem}.pdf` : undefined });
  expect(pdf.length > 10000, 'the PDF is empty');
  const printed = await page.evaluate(() => window.printed);
  if (shown && shown <= 2000) expect(printed === shown, `${printed} of ${shown} lines are printed`);
  await page.context().close();
}

await browser.close();
for (const text of faults) console.log(text);
