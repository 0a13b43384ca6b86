import type { Messages } from '../i18n/en.ts';
import { createFormat, type Format } from '../i18n/format.ts';

export interface Language {
  code: string;
  messages: Messages;
  format: Format;
}

/** Each file of i18n/ with a two-letter name is a language: `th.ts` exports `messages`. */
const FILES = import.meta.glob<{ messages: Messages }>('../i18n/??.ts');
const codeOf = (path: string) => path.slice('../i18n/'.length, -'.ts'.length);
const FALLBACK = 'en';

export const languageCodes = Object.keys(FILES).map(codeOf).sort();

/** What was chosen, else the first of the browser's that there is. */
export function preferredLanguage(chosen: string | null, ofBrowser: readonly string[]): string {
  const wished = [...(chosen === null ? [] : [chosen]), ...ofBrowser].map((tag) => tag.slice(0, 2));
  return wished.find((code) => languageCodes.includes(code)) ?? FALLBACK;
}

export async function loadLanguage(code: string): Promise<Language> {
  const load = FILES[`../i18n/${code}.ts`] ?? FILES[`../i18n/${FALLBACK}.ts`];
  if (load === undefined) throw new Error(`no language ${code}`);
  const { messages } = await load();
  // The region of the browser counts where its language is the one that was chosen.
  const locale = navigator.languages.find((tag) => tag.startsWith(code)) ?? code;
  return { code, messages, format: createFormat(locale) };
}

/** The name of a language in that language. */
export const languageName = (code: string) =>
  new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code;
