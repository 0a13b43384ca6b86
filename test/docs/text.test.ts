import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { VARIABLES } from '../../config/variables/index.ts';
import { currentDocument } from '../../scripts/client-types/current.ts';
import { inlineCode, nameOf, ROOT, readPages, resolveLink } from './page.ts';

const pages = readPages();
/** Of programs beside the server. */
const OF_CLIENTS = new Set(['NODE_EXTRA_CA_CERTS', 'PM_IOT_PASSWORD', 'PM_IOT_URL', 'PM_IOT_USERNAME']);
const byPath = new Map(pages.map((page) => [page.path, page]));

/** Targets of `[…](…)` and `src="…"`, from the root, with their anchors. */
function linksOf({
  path,
  prose,
}: (typeof pages)[number]): { target: string; anchor: string; link: string }[] {
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)].map(
    ([, a, b]) => a ?? b ?? '',
  );
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', anchor = ''] = link.split('#', 2);
      return { target: file === '' ? path : resolveLink(path, file), anchor, link };
    });
}

void test('links lead somewhere, and to headings that are there', () => {
  for (const page of pages) {
    for (const { target, anchor, link } of linksOf(page)) {
      assert.ok(existsSync(join(ROOT, target)), `${page.path}: ${link}`);
      if (anchor === '') continue;
      const linked = byPath.get(target);
      assert.ok(linked, `${page.path}: ${link} has an anchor on what is no page`);
      assert.ok(linked.anchors.has(anchor), `${page.path}: ${link}: no such heading`);
    }
  }
});

void test('the README leads to every page', () => {
  const readme = byPath.get('README.md');
  assert.ok(readme);
  // Told as a part of another page.
  const reached = new Set([...linksOf(readme).map(({ target }) => target), 'docs/benchmark.md']);
  for (const { path } of pages.filter(({ path }) => path.startsWith('docs/'))) {
    assert.ok(reached.has(path), `${path}: no link to it in README.md`);
  }
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

void test('JSON on pages is JSON', () => {
  for (const block of pages.flatMap((page) => page.blocks).filter(({ language }) => language === 'json')) {
    // A part of a line of the log is shown without the braces around it.
    const texts = [
      block.text,
      ...block.text
        .trim()
        .split('\n')
        .map((line) => `{${line}}`),
    ];
    assert.ok(texts.some(isJson), nameOf(block));
  }
});

void test('calls that pages name are calls of the API', () => {
  const { paths = {} } = currentDocument();
  const patterns = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => {
      const segments = path.replaceAll(/\{[^}]*\}/g, '[^/ ]+');
      return new RegExp(`^(?:${method.toUpperCase()}|HEAD) ${segments}$`);
    }),
  );
  for (const page of pages) {
    for (const code of inlineCode(page)) {
      const [call] = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE) \/api\/[^?\s]*/.exec(code) ?? [];
      if (call === undefined) continue;
      assert.ok(
        patterns.some((pattern) => pattern.test(call)),
        `${page.path}: ${code}`,
      );
    }
  }
});

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** All sources beside the file that is run. */
function sourcesOf(command: string): string {
  const [, compiled] = /dist\/(\S+)\.js/.exec(command) ?? [];
  if (compiled === undefined)
    return command.replace(/^.*?(scripts\/\S+\.mjs).*$/, (_, path: string) =>
      readFileSync(join(ROOT, path), 'utf8'),
    );
  const folder = join(ROOT, dirname(compiled));
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

/** Of the commands that are made of several, the word for one of them. */
const SUBCOMMAND = /^ -- ([a-z][a-z-]+)/;

function assertCommands(where: string, text: string): void {
  for (const [command, name = '', args = ''] of text.matchAll(
    /\bnpm (?:run )?(?:--silent )?([a-z][a-z:-]*)((?: --? ?[^#|`)']*)?)/g,
  )) {
    if (['ci', 'install', 'pack'].includes(name)) continue;
    const script = scripts[name];
    assert.ok(script, `${where}: npm run ${name}`);
    const sources = sourcesOf(script);
    const isKnown = (word: string) =>
      [`--${word}`, `${word}:`, `'${word}'`].some((form) => sources.includes(form));
    for (const [, option = ''] of args.matchAll(/(?:^|\s)--([a-z][a-z-]*)/g)) {
      assert.ok(isKnown(option) || option === 'help', `${where}: ${command}: --${option}`);
    }
    const [, word] = SUBCOMMAND.exec(args) ?? [];
    if (name === 'certs' && word !== undefined) assert.ok(isKnown(word), `${where}: ${command}`);
  }
}

void test('programs that pages tell to run are there, with the options that are told', () => {
  for (const page of pages) {
    const commands = [...inlineCode(page), ...page.blocks.flatMap(({ text }) => text.split('\n'))];
    for (const command of commands) assertCommands(page.path, command);
  }
});

void test('programs that the program tells to run are there too', () => {
  for (const folder of ['certs', 'db', 'server', join('scripts', 'doctor')]) {
    for (const line of sourcesBelow(folder).flatMap((text) => text.split('\n'))) {
      const [told] = /\bnpm run .*/.exec(line) ?? [];
      if (told !== undefined) assertCommands(folder, told);
    }
  }
});

void test('variables that pages set are variables', () => {
  for (const page of pages) {
    for (const code of inlineCode(page)) {
      const [, name] = /^([A-Z]+(?:_[A-Z]+)+)=/.exec(code) ?? [];
      assert.ok(name === undefined || name in VARIABLES || OF_CLIENTS.has(name), `${page.path}: ${code}`);
    }
  }
});

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return sourcesBelow(join(folder, entry.name));
    return entry.name.endsWith('.ts') ? [readFileSync(join(ROOT, folder, entry.name), 'utf8')] : [];
  });
}

void test('metrics that pages name are metrics', () => {
  const sources = ['api', 'broker', 'certs', 'cluster', 'db', 'net', 'server']
    .flatMap(sourcesBelow)
    .join('\n');
  // Those that are gone are told there.
  for (const page of pages.filter(({ path }) => path !== 'CHANGELOG.md')) {
    for (const [name] of page.prose.matchAll(/\bpm_iot_[a-z0-9_]+/g)) {
      const base = name.replace(/_(?:bucket|sum|count)$/, '').replace(/_$/, '');
      assert.ok(sources.includes(base), `${page.path}: ${name}`);
    }
  }
});

void test('files that pages name are there', () => {
  const folders = new Set(readdirSync(ROOT));
  for (const page of pages) {
    for (const code of inlineCode(page)) {
      const isPath =
        /^[A-Za-z0-9._-]+\/[A-Za-z0-9._/-]*$/.test(code) && folders.has(code.split('/', 1)[0] ?? '');
      if (!isPath || /^(?:dist|data|certs|node_modules)\//.test(code)) continue;
      assert.ok(existsSync(join(ROOT, code)), `${page.path}: ${code}`);
    }
  }
});

void test('nothing of a merge is left on a page', () => {
  for (const { path, prose } of pages) assert.doesNotMatch(prose, /^(?:[<>=]{7}|(?:> ){4})/m, path);
});
