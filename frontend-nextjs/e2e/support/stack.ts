/** The service of these tests, started as a newcomer starts it: `scribe up`, in an empty folder of its own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const REPOSITORY = resolve(import.meta.dirname, "../../..");
export const SAMPLES = join(REPOSITORY, "samples");
const SCRIBE = join(REPOSITORY, ".venv/bin/scribe");
const PYTHON = join(REPOSITORY, ".venv/bin/python");
const START_TIMEOUT_MS = 180_000;

export const ADMINISTRATOR = { username: "admin", password: "a password of three words" };
export const COLLEAGUE = { username: "thomas", password: "another password of words", name: "Thomas Bernard" };

/** What every test file knows of it: written by the global setup, read from the environment. */
export interface Stack {
  url: string;
  folder: string;
  oneTimePassword: string;
}

export function stack(): Stack {
  const told = process.env.SCRIBE_E2E_STACK;
  if (!told) throw new Error("the service was not started: run through playwright.config.ts");
  return JSON.parse(told) as Stack;
}

export async function start(): Promise<{ running: Stack; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "scribe-web-"));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const child = spawn(SCRIBE, ["up", "--port", String(port), "--data-dir", folder], {
    env: { ...cleanEnvironment(), LANG: "en_GB.UTF-8", SCRIBE_API__LOGINS_PER_MINUTE: "1000", SCRIBE_API__UPLOADS_PER_HOUR: "10000", COLUMNS: "200" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const stop = () => stopped(child, folder);
  try {
    const oneTimePassword = await until(() => /\badmin\s+([a-z0-9-]{12,})/.exec(said)?.[1], child, () => said);
    return { running: { url: `http://127.0.0.1:${port}`, folder, oneTimePassword }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs a Python module of the backend against the running service; its output. */
export function python(args: string[]): string {
  const done = spawnSync(PYTHON, args, {
    cwd: join(REPOSITORY, "backend-python"),
    env: { ...cleanEnvironment(), SCRIBE_DATA_DIR: stack().folder },
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout;
}

/** The `scribe` command on this installation; its output. */
export function scribe(...args: string[]): string {
  const done = spawnSync(SCRIBE, args, { env: { ...cleanEnvironment(), SCRIBE_DATA_DIR: stack().folder }, encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr || done.stdout);
  return done.stdout;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("SCRIBE_") && !["DATABASE_URL", "REDIS_URL"].includes(name));
  return Object.fromEntries(own) as NodeJS.ProcessEnv;
}

async function until<T>(look: () => T | undefined, child: ChildProcess, said: () => string): Promise<T> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`scribe up did not start:\n${said()}`);
    await new Promise((next) => setTimeout(next, 100));
  }
}

async function stopped(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = new Promise((next) => child.once("exit", next));
    child.kill("SIGINT");
    await ended;
  }
  if (process.env.SCRIBE_E2E_KEEP) return;
  if (existsSync(join(folder, "lock"))) rmSync(folder, { recursive: true, force: true });
}

function freePort(): Promise<number> {
  return new Promise((next, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? next(address.port) : fail(new Error("no port"))));
    });
  });
}

