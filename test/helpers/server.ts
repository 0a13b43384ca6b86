import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HERE, type Place } from './place.ts';
import { copyDatabase } from './templates.ts';

/** A machine that has much else to do is slow, not wrong. */
const START_LIMIT_MS = 120_000;
export const ADMIN = { username: 'admin', password: 'a-long-test-password' };

/** The built program; this file is built beside it. */
export const PROGRAM = fileURLToPath(new URL('../../main.js', import.meta.url));

export interface Ports {
  http: number;
  https: number;
  mqtt: number;
  mqtts: number;
}

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface ServerOptions {
  /** null: the embedded database. */
  databaseUrl?: string | null;
  env?: Record<string, string>;
  /** Its embedded database is made by the program itself, as at a first start. */
  fresh?: boolean;
  /** Where its folder is made. */
  disk?: string;
  /** The host that it runs on, and listens on. */
  place?: Place;
  /** Its working folder; its data folder, unless told otherwise. */
  cwd?: string;
}

/** For the engine, not for the program: see `scripts/test.mjs`. */
const ENGINE_FLAGS = (process.env.TEST_ENGINE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');

/** One process of the program on a folder of its own, spoken to through its sockets alone. */
export class Server {
  readonly dataDir: string;
  readonly lines: LogLine[] = [];
  /** Where its plain listeners are. */
  readonly host: string;
  ports: Ports = { http: 0, https: 0, mqtt: 0, mqtts: 0 };
  /** Milliseconds from the start of the process to `ready`. */
  startedIn = 0;
  errors = '';
  /** Of another version, to start that one next. */
  program = PROGRAM;
  readonly #options: ServerOptions;
  #child: ChildProcess | null = null;

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    const { databaseUrl = null, fresh = false, disk = tmpdir(), place = HERE } = options;
    this.host = place.address;
    this.dataDir = mkdtempSync(join(disk, 'pm-iot-test-'));
    if (databaseUrl === null && !fresh) copyDatabase(this.dataDir);
  }

  get ca(): string {
    return readFileSync(this.caPath, 'utf8');
  }
  get caPath(): string {
    return join(this.dataDir, 'certs', 'ca.crt');
  }
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }
  get alive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #env(): NodeJS.ProcessEnv {
    const { PATH, HOME, TMPDIR } = process.env;
    const { databaseUrl, env, place = HERE } = this.#options;
    return {
      ...{ PATH, HOME, TMPDIR },
      DATA_DIR: this.dataDir,
      HTTP_PORT: '0',
      HTTPS_PORT: '0',
      MQTT_PORT: '0',
      MQTTS_PORT: '0',
      // A developer's disk may be nearly full.
      MIN_FREE_DISK: '64MiB',
      ADMIN_PASSWORD: ADMIN.password,
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      ...(place !== HERE && { HTTP_HOST: place.address, MQTT_HOST: place.address, ALLOW_PLAINTEXT: 'true' }),
      ...env,
    };
  }

  /** Starts the process and waits for its end: for starts that must fail. */
  async runToEnd(): Promise<{ code: number | null; stderr: string; stdout: string }> {
    const child = spawn(process.execPath, [this.program], {
      env: this.#env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      output.stdout += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      output.stderr += String(chunk);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...output };
  }

  async start(): Promise<void> {
    const began = performance.now();
    const { place = HERE } = this.#options;
    const [file, args] = place.within(process.execPath, [
      '--enable-source-maps',
      ...ENGINE_FLAGS,
      this.program,
    ]);
    const child = spawn(file, args, {
      env: this.#env(),
      // Nothing of a developer's own `.env` is read.
      cwd: this.#options.cwd ?? this.dataDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk) => {
      this.errors += String(chunk);
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`not ready in time\n${this.report()}`)),
        START_LIMIT_MS,
      );
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as LogLine;
        this.lines.push(line);
        if (line.msg !== 'ready') return;
        clearTimeout(timer);
        this.ports = line.listeners as Ports;
        resolve();
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${code ?? signal} before it was ready\n${this.report()}`));
      });
    });
    this.startedIn = performance.now() - began;
  }

  /** On the same folder, with other variables. */
  async restartWith(env: Record<string, string>): Promise<void> {
    await this.stop();
    this.#options.env = { ...this.#options.env, ...env };
    await this.start();
  }

  report(): string {
    return `${this.lines.map((line) => JSON.stringify(line)).join('\n')}\n${this.errors}`;
  }

  /** Resolves with the exit code, null when the signal ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === null || !this.alive) return child?.exitCode ?? null;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    const [code] = await exited;
    return code;
  }

  async dispose(): Promise<void> {
    await this.stop('SIGKILL');
    if (existsSync(this.dataDir)) rmSync(this.dataDir, { recursive: true, force: true });
  }
}
