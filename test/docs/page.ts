import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The sources; this file is built into `dist/test/docs`. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A fenced block. */
export interface Block {
  page: string;
  line: number;
  /** `sh`, `json`, …; empty for a picture made of letters. */
  language: string;
  text: string;
  /** How it is run (`<!-- run: server 3s -->` before it), or `output`: it is what the block before it prints. */
  mark: string | null;
}

export interface Page {
  path: string;
  blocks: Block[];
  /** Without its fenced blocks and comments, line by line. */
  prose: string;
  /** As GitHub makes them of the headings. */
  anchors: ReadonlySet<string>;
}

const FENCE = /^( *)(```+)(\S*)[^\n]*\n([\s\S]*?)^\1\2$/gm;
const MARK = /<!-- (?:run: )?([^>]*?) -->\s*$/;

const where = ({ page, line }: Pick<Block, 'page' | 'line'>) => `${page}:${line}`;
export const nameOf = (block: Block) => `${where(block)} ${block.text.split('\n', 1)[0]?.trim()}`;

function blocksOf(path: string, text: string): Block[] {
  return [...text.matchAll(FENCE)].map((found) => {
    const [, indent = '', , language = '', body = ''] = found;
    const before = text.slice(0, found.index);
    return {
      page: path,
      line: before.split('\n').length,
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      mark: MARK.exec(before)?.[1] ?? null,
    };
  });
}

function anchorsOf(prose: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#+ (.*)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}

export function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const blank = (found: string) => found.replaceAll(/[^\n]/g, '');
  const prose = text.replaceAll(FENCE, blank).replaceAll(/<!--[\s\S]*?-->/g, blank);
  return { path, blocks: blocksOf(path, text), prose, anchors: anchorsOf(prose) };
}

export function readPages(): Page[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CHANGELOG.md', 'SECURITY.md', join('web', 'client', 'README.md')];
  return [...paths, ...docs.sort().map((name) => join('docs', name))].map(readPage);
}

/** `path` of a link in a page, from the root. */
export const resolveLink = (page: string, path: string) => join(dirname(page), path);

/** Of its prose, what stands between backticks. */
export const inlineCode = ({ prose }: Page): string[] =>
  [...prose.matchAll(/`([^`\n]+(?:\n[^`\n]+)?)`/g)].map(([, code = '']) => code.replaceAll('\n', ' '));
