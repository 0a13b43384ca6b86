import { GROUPS } from './variables/index.ts';

const HEAD = `PM IoT: an MQTT broker and its application in one process.

  node dist/main.js             runs it in the foreground; SIGTERM stops it
  node dist/main.js --help      this text
  node dist/main.js --version   which version this is

It takes no options: it is configured by environment variables, and by a file .env in the working directory.
Each with what it is while it is not set (docs/configuration.md tells what they are for):
`;

/** Markdown is for pages. */
const plain = (markdown: string) =>
  markdown.replaceAll(/ ?\(\[[^\]]*\]\([^)]*\)\)/g, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');

/** What `--help` prints. */
export function helpText(): string {
  const lines = Object.values(GROUPS).map((variables) =>
    Object.entries(variables).map(
      ([name, { fallback, absent }]) =>
        `  ${name.padEnd(32)}${fallback ?? plain(absent).replaceAll('`', '')}`,
    ),
  );
  return `${HEAD}\n${lines.map((group) => group.join('\n')).join('\n\n')}\n`;
}
