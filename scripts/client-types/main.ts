// openapi-typescript makes such files too, but needs the compiler API of TypeScript 5; this project has TypeScript 7.
import { readFileSync, writeFileSync } from 'node:fs';
import { API_PAGE_PATH, currentApiPage, currentTypes, TYPES_PATH } from './current.ts';

writeFileSync(TYPES_PATH, currentTypes());
writeFileSync(API_PAGE_PATH, currentApiPage(readFileSync(API_PAGE_PATH, 'utf8')));
console.log(`written: ${TYPES_PATH}, ${API_PAGE_PATH}`);
