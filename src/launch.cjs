#!/usr/bin/env node
// Starts Lazaret under a Node that can run it: the one that runs this file, or the one that npm installed beside it.
// Kept to what an old Node can read, so that its user meets the sentence below and not a syntax error.
"use strict";

const childProcess = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const url = require("url");

const NODE_MAJOR_MIN = 24;
const EXIT_CONFIGURATION = 78;
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGINT"];

function major(version) {
  return parseInt(version.split(".")[0], 10);
}

function refuse(sentence) {
  process.stderr.write(`lazaret: ${sentence}\n`);
  process.exit(EXIT_CONFIGURATION);
}

/** A clone runs its sources, an installed package the bundle. Null when there is neither. */
function program() {
  const source = path.join(__dirname, "main.ts");
  const bundle = path.join(__dirname, "..", "dist", "main.js");
  return fs.existsSync(source) ? source : fs.existsSync(bundle) ? bundle : null;
}

/** The Node binary from the optional dependency for this platform and processor. Null when npm did not install it. */
function installedNode() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  try {
    const version = require(`${name}/package.json`).version;
    const file = require.resolve(name + (platform === "win" ? "/bin/node.exe" : "/bin/node"));
    return major(version) < NODE_MAJOR_MIN ? null : file;
  } catch (_) {
    return null; // not installed: the caller says so
  }
}

/**
 * Whether the terminal itself sends Ctrl-C to the child, which is in its foreground process group with us. Passing it
 * on as well would be the second one, and that means "at once".
 */
function onTerminal() {
  return Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
}

function startUnder(node) {
  const args = ["--disable-sigusr1", __filename].concat(process.argv.slice(2));
  const child = childProcess.spawn(node, args, { stdio: "inherit" });
  const forward = (signal) => {
    if (signal !== "SIGINT" || !onTerminal()) child.kill(signal);
  };
  FORWARDED.forEach((signal) => {
    process.on(signal, forward);
  });
  child.on("error", (error) => {
    refuse(`cannot start ${node}: ${error.message}`);
  });
  child.on("exit", (code, signal) => {
    FORWARDED.forEach((name) => {
      process.removeListener(name, forward);
    });
    if (signal) process.kill(process.pid, signal);
    else process.exit(code);
  });
}

/**
 * Node keeps compiled code where we point it, and runs what it finds there: so only in a directory that is ours alone.
 * Without one the start is slower and nothing else.
 */
function enableCompileCache() {
  const cache = process.env.CACHE_DIRECTORY || process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  const directory = path.join(cache, "lazaret", "compile");
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = fs.lstatSync(directory);
    const ours = !process.getuid || (found.uid === process.getuid() && (found.mode & 0o077) === 0);
    if (found.isDirectory() && ours) require("module").enableCompileCache(directory);
  } catch (_) {
    // a read-only disk or no home: start without
  }
}

function startHere(entry) {
  process.on("SIGUSR1", () => {}); // Node would open its inspector to whoever may signal us
  enableCompileCache();
  import(url.pathToFileURL(entry).href)
    .then((it) => it.main())
    .catch((error) => {
      process.stderr.write(`lazaret: ${error && error.message ? error.message : String(error)}\n`);
      process.exitCode = 1;
    });
}

const entry = program();
if (entry === null) {
  refuse("this copy is incomplete: neither src/main.ts nor dist/main.js is there; `npm run build` makes the latter");
} else if (major(process.versions.node) >= NODE_MAJOR_MIN) {
  startHere(entry);
} else {
  const node = installedNode();
  if (node !== null) startUnder(node);
  else {
    const found = `Node ${NODE_MAJOR_MIN} or newer is needed and this is ${process.versions.node}`;
    refuse(`${found}; install it, or run npm install without --omit=optional`);
  }
}
