import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The sources; this file is built into `dist/test`. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = ['api', 'broker', 'certs', 'cluster', 'config', 'db', 'net'];

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(path) ? [path] : [];
  });
}

const GENERATED = join('web', 'client', 'types.ts');

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** What a file imports, in any of the ways there are: `from '…'`, `import '…'`, `import('…')`; words of a language are none. */
function imported(path: string): string[] {
  return [...textOf(path).matchAll(/\b(?:from|import)\s*\(?\s*'([^'\s]+)'/g)].map(
    ([, target = '']) => target,
  );
}

/** Folders at the top that a file imports from. */
function imports(path: string): string[] {
  return imported(path)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(ROOT, resolve(ROOT, dirname(path), target)).split('/', 1)[0] ?? '');
}

const MAY_IMPORT: Record<string, string[]> = {
  api: ['api', 'db'],
  broker: ['broker', 'certs', 'db'],
  certs: ['certs', 'db'],
  cluster: ['cluster', 'db'],
  config: ['config', 'certs', 'db'],
  db: ['db'],
  net: ['net', 'db'],
};

for (const part of PARTS) {
  void test(`${part}/ imports from ${MAY_IMPORT[part]?.join(' and ')} alone`, () => {
    for (const path of sources(part)) {
      const foreign = imports(path).filter((target) => !MAY_IMPORT[part]?.includes(target));
      assert.deepEqual(foreign, [], path);
    }
  });
}

/** Packages that belong to one part: elsewhere they would be a way around it. */
const OWNED: Record<string, RegExp> = {
  api: /^(hono|@hono\/.*)$/,
  broker: /^(aedes|aedes-.*|mqtt|mqtt-packet|mqemitter|ws)$/,
  cluster: /^(ioredis|mqemitter-redis)$/,
  certs: /^@peculiar\/x509$/,
  db: /^(drizzle-orm(\/.*)?|postgres|@electric-sql\/.*)$/,
};

for (const [owner, packages] of Object.entries(OWNED)) {
  void test(`the packages of ${owner}/ are imported by no other part`, () => {
    assert.ok(
      sources(owner)
        .flatMap(imported)
        .some((name) => packages.test(name)),
      'a rule about nothing',
    );
    for (const path of PARTS.filter((part) => part !== owner).flatMap(sources)) {
      assert.deepEqual(
        imported(path).filter((name) => packages.test(name)),
        [],
        path,
      );
    }
  });
}

void test('certs/ needs of db/ only what every part may use', () => {
  for (const path of sources('certs')) {
    for (const [, target = ''] of textOf(path).matchAll(/from '\.\.\/db\/([^']+)'/g)) {
      assert.match(target, /^(durable-file|machine-addresses|domain\/(ports|time))\.ts$/, path);
    }
  }
});

void test('web/client can be taken elsewhere: it imports nothing but itself', () => {
  for (const path of sources(join('web', 'client')).filter((each) => each !== GENERATED)) {
    assert.deepEqual(
      imported(path).filter((target) => !/^\.\/[a-z-]+\.ts$/.test(target)),
      [],
      path,
    );
  }
});

void test('the web app talks to the server over HTTP alone: web/ imports from web/', () => {
  for (const path of sources('web')) {
    assert.deepEqual(
      imports(path).filter((target) => target !== 'web'),
      [],
      path,
    );
  }
});

void test('what the web app knows is apart from how it looks: no view in web/state and web/i18n', () => {
  for (const path of [...sources(join('web', 'state')), ...sources(join('web', 'i18n'))]) {
    const foreign = imported(path).filter(
      (target) =>
        !/^web\/(state|i18n|client)\/[a-z/-]+\.ts$/.test(
          relative(ROOT, resolve(ROOT, dirname(path), target)),
        ),
    );
    assert.deepEqual(foreign, [], path);
  }
});

void test('a topic of devices stands in broker/topics.ts alone', () => {
  for (const path of [...sources('api'), ...sources('broker'), ...sources('db')]) {
    if (path === join('broker', 'topics.ts')) continue;
    const code = textOf(path)
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .replaceAll(/^\s*\/\/.*$/gm, '');
    assert.doesNotMatch(code, /['"`]devices?\//, path);
  }
});

void test('no file is longer than one reads in a sitting', () => {
  const written = [...PARTS, 'scripts', 'server', 'test', 'web'].flatMap(sources);
  for (const path of written.filter((path) => path !== GENERATED)) {
    const lines = textOf(path).split('\n').length;
    assert.ok(lines <= (path.startsWith('test') ? 400 : 250), `${path}: ${lines} lines`);
  }
});

void test('the lock file names versions and digests, and no place to load from', () => {
  assert.doesNotMatch(textOf('package-lock.json'), /"resolved"/);
});
