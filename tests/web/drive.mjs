/**
 * Drive the page in headless Chromium: `node drive.mjs JSON`.
 *
 * JSON: address, photos (files), folder for the downloads, and optionally settings (by the
 * names of the page's elements), screenshots (a folder), scheme (light or dark), width, height, and
 * paint: whether a part of the object is then taken away by the brush, and its mesh made again.
 * Prints what the page says about each mesh, as JSON.
 */

import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, extname, join } from "node:path";

import puppeteer from "puppeteer-core";

const FORMATS = ["obj", "glb", "stl"];
const LONGEST_MS = 30 * 60 * 1000; // other work may leave this process little time
const order = JSON.parse(process.argv[2]);

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader"],
  protocolTimeout: LONGEST_MS,
  timeout: LONGEST_MS,
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(LONGEST_MS);
  page.on("pageerror", (error) => console.error(String(error)));
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.setViewport({ width: order.width ?? 1180, height: order.height ?? 900 });
  if (order.scheme)
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: order.scheme }]);
  await page.goto(order.address);
  await page.waitForSelector('body[data-state="waiting"]');
  await shoot(page, "start");
  await apply(page, order.settings ?? {});
  const results = [];
  for (const photo of order.photos) results.push(await reconstruct(page, photo));
  const beyond = asked.filter((url) => !/^(data:|blob:)/.test(url) && !url.startsWith(order.address));
  console.log(JSON.stringify({ results, beyond }));
} finally {
  await browser.close();
}

/**
 * Take a screenshot, if a folder for them is given.
 *
 * @param {any} page
 * @param {string} name
 */
async function shoot(page, name) {
  if (!order.screenshots) return;
  await mkdir(order.screenshots, { recursive: true });
  const suffix = order.scheme ?? "light";
  await page.screenshot({
    path: join(order.screenshots, `${name}-${suffix}-${order.width ?? 1180}.png`),
    fullPage: true,
  });
}

/**
 * @param {any} page
 * @param {Object<string, string | boolean>} settings
 */
async function apply(page, settings) {
  await page.evaluate((/** @type {any} */ given) => {
    for (const [name, value] of Object.entries(given)) {
      const element = /** @type {any} */ (document.getElementById(name));
      if (typeof value === "boolean") element.checked = value;
      else element.value = value;
    }
  }, settings);
}

/**
 * @param {any} page
 * @param {string} photo
 */
async function reconstruct(page, photo) {
  const input = await page.$("#file");
  await input.uploadFile(photo);
  await page.waitForSelector('body[data-state="working"]');
  await page.waitForSelector("#cutout:not([hidden]), body[data-state='failed']");
  await page.waitForSelector('body[data-state="done"], body[data-state="failed"]');
  const name = basename(photo, extname(photo));
  await shoot(page, name);
  if (order.paint && (await page.$('body[data-state="done"]'))) {
    await paint(page);
    await shoot(page, `${name}-painted`);
  }
  const said = await page.evaluate(() => ({
    state: document.body.dataset.state,
    status: document.getElementById("status")?.textContent,
    method: document.getElementById("method")?.textContent,
    warnings: [...document.querySelectorAll("#warnings li")].map((item) => item.textContent),
    threads: document.body.dataset.threads,
    facts: [...document.querySelectorAll("#facts dd")].map((item) => item.textContent),
  }));
  if (said.state === "done") for (const format of FORMATS) await download(page, format, name);
  return { photo, ...said };
}

/**
 * Take away the middle of the photo with the brush, and reconstruct again.
 *
 * @param {any} page
 */
async function paint(page) {
  await page.click("#brush summary");
  await page.click("#brush input[type=radio]:not(#adds)");
  const box = await (await page.$("#cutout")).boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x - 40, y);
  await page.mouse.down();
  await page.mouse.move(x + 40, y, { steps: 4 });
  await page.mouse.up();
  await page.focus("#cutout");
  for (const key of ["ArrowDown", "ArrowDown", "Space"]) await page.keyboard.press(key);
  await page.click("#again");
  await page.waitForSelector('body[data-state="working"]');
  await page.waitForSelector('body[data-state="done"], body[data-state="failed"]');
}

/**
 * @param {any} page
 * @param {string} format
 * @param {string} name
 */
async function download(page, format, name) {
  const folder = join(order.folder, format);
  await mkdir(folder, { recursive: true });
  const client = await page.createCDPSession();
  await client.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: folder,
    eventsEnabled: true,
  });
  const done = new Promise((resolve) =>
    client.on("Browser.downloadProgress", (/** @type {any} */ event) => {
      if (event.state === "completed") resolve(event);
    }),
  );
  await page.click(`[data-format="${format}"]`);
  await done;
  if (!(await readdir(folder)).includes(`${name}.${format}`))
    throw new Error(`there is no ${name}.${format}`);
  await rename(join(folder, `${name}.${format}`), join(order.folder, `${name}.${format}`));
}
