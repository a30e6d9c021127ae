/**
 * Makes the pictures of the app from build/icon.svg: `electron scripts/icons.js` (as root with --no-sandbox).
 * build/: PNGs of all sizes, icon.ico, icon.icns. src/main/icons/: what the running app shows.
 */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { app, BrowserWindow } = require("electron");

const ROOT = path.join(__dirname, "..");
const BUILD = path.join(ROOT, "build");
const SHOWN = path.join(ROOT, "src", "main", "icons");
const LINUX_SIZES = [16, 24, 32, 48, 64, 128, 256, 512];
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256];
/** Types of PNGs in an .icns and their sizes. @type {[string, number][]} */
const ICNS_TYPES = [
  ["icp4", 16],
  ["icp5", 32],
  ["ic07", 128],
  ["ic08", 256],
  ["ic09", 512],
  ["ic10", 1024],
  ["ic11", 32],
  ["ic12", 64],
  ["ic13", 256],
  ["ic14", 512],
];
const ALERT = "#d92d20";

const icon = fs.readFileSync(path.join(BUILD, "icon.svg"), "utf8");
const swallow = /<path id="swallow"[^>]*>/.exec(icon)?.[0] ?? "";
/** @param {string} inside */
const svg = (inside) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">${inside}</svg>`;
const unread = icon.replace(
  "</svg>",
  `<circle cx="49" cy="15" r="14" fill="${ALERT}" stroke="#fff" stroke-width="3"/></svg>`,
);
/** macOS colours it itself. */
const template = svg(swallow.replace("#fff", "#000"));
/** @param {string} text */
const badge = (text) =>
  svg(
    `<circle cx="32" cy="32" r="31" fill="${ALERT}"/><text x="32" y="47" fill="#fff" text-anchor="middle"` +
      ` font-family="DejaVu Sans, sans-serif" font-weight="700" font-size="${text.length > 1 ? 36 : 44}">${text}</text>`,
  );

/** @param {Electron.WebContents} page @param {string} source @param {number} size px @returns {Promise<Buffer>} a PNG */
async function drawn(page, source, size) {
  const script = `(async () => {
    const image = new Image();
    const sized = ${JSON.stringify(source)}.replace("<svg ", '<svg width="${size}" height="${size}" ');
    image.src = "data:image/svg+xml;base64," + btoa(sized);
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: ${size}, height: ${size} });
    canvas.getContext("2d").drawImage(image, 0, 0, ${size}, ${size});
    return canvas.toDataURL("image/png");
  })()`;
  const url = await page.executeJavaScript(script);
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}

/** PNGs in the container of Windows. @param {{size: number, png: Buffer}[]} images */
function ico(images) {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(({ size, png }, n) => {
    const at = 6 + 16 * n;
    head.writeUInt8(size % 256, at); // 0 means 256
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/** PNGs in the container of macOS. @param {{type: string, png: Buffer}[]} images */
function icns(images) {
  const parts = images.map(({ type, png }) => {
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32BE(8 + png.length, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write("icns", "latin1");
  head.writeUInt32BE(8 + body.length, 4);
  return Buffer.concat([head, body]);
}

async function makeIcons() {
  const window = new BrowserWindow({ show: false });
  await window.loadURL("data:text/html,");
  /** @param {string} source @param {number} size */
  const draw = (source, size) => drawn(window.webContents, source, size);
  fs.mkdirSync(path.join(BUILD, "icons"), { recursive: true });
  fs.mkdirSync(SHOWN, { recursive: true });

  for (const size of LINUX_SIZES) {
    fs.writeFileSync(path.join(BUILD, "icons", `${size}x${size}.png`), await draw(icon, size));
  }
  const forWindows = [];
  for (const size of ICO_SIZES) forWindows.push({ size, png: await draw(icon, size) });
  fs.writeFileSync(path.join(BUILD, "icon.ico"), ico(forWindows));
  const forMac = [];
  for (const [type, size] of ICNS_TYPES) forMac.push({ type, png: await draw(icon, size) });
  fs.writeFileSync(path.join(BUILD, "icon.icns"), icns(forMac));

  /** @type {[string, string, number][]} */
  const shown = [
    ["app.png", icon, 256],
    ["tray.png", icon, 24],
    ["tray@2x.png", icon, 48],
    ["tray-unread.png", unread, 24],
    ["tray-unread@2x.png", unread, 48],
    ["trayTemplate.png", template, 18],
    ["trayTemplate@2x.png", template, 36],
    ["badge-more.png", badge("9+"), 32],
    ...Array.from(
      { length: 9 },
      (_, n) => /** @type {[string, string, number]} */ ([`badge-${n + 1}.png`, badge(String(n + 1)), 32]),
    ),
  ];
  for (const [name, source, size] of shown) fs.writeFileSync(path.join(SHOWN, name), await draw(source, size));
}

app
  .whenReady()
  .then(makeIcons)
  .then(
    () => app.exit(0),
    (error) => {
      console.error(error);
      app.exit(1);
    },
  );
