// openapi-typescript makes such files too, but needs the compiler API of TypeScript 5; this project has TypeScript 7.
import { writeFileSync } from 'node:fs';
import { currentTypes, TYPES_PATH } from './current.ts';

writeFileSync(TYPES_PATH, currentTypes());
console.log(`written: ${TYPES_PATH}`);
