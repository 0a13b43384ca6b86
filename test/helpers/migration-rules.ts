/**
 * A node of the version before goes on while the first of the new one has migrated the database: so a migration only adds.
 * What it leaves behind is taken away by a later one, once no version that may still run uses it; that one says so, above the
 * statement: `-- contract: nothing uses it since 0.4.0`.
 */
const CONTRACT = /^[ \t]*--[ \t]*contract:.*\b\d+\.\d+\.\d+\b/m;
const BREAKPOINT = '--> statement-breakpoint';
const NAME = '(?:"public"\\.)?"?([A-Za-z_][A-Za-z0-9_]*)"?';

const withoutComments = (sql: string) => sql.replaceAll(/--[^\n]*/g, '').replaceAll(/\/\*[\s\S]*?\*\//g, '');
/** So that no text and no body of a function is taken for SQL. */
const withoutTexts = (sql: string) =>
  sql.replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''").replaceAll(/'(?:[^']|'')*'/g, "''");

/** Cut at commas that are in no brackets. */
function actionsOf(text: string): string[] {
  const actions = [''];
  let depth = 0;
  for (const sign of text) {
    if (sign === '(') depth++;
    if (sign === ')') depth--;
    if (sign === ',' && depth === 0) actions.push('');
    else actions[actions.length - 1] += sign;
  }
  return actions.map((action) => action.trim());
}

function faultOfAction(action: string): string | null {
  if (!/^ADD COLUMN /i.test(action)) return 'only columns are added to a table that there is already';
  if (/\bNOT NULL\b/i.test(action) && !/\bDEFAULT\b/i.test(action) && !/\bGENERATED\b/i.test(action)) {
    return 'the older version would leave a new column out that is NOT NULL and has no DEFAULT';
  }
  if (/\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b/i.test(action)) {
    return 'the older version does not keep what a new column demands';
  }
  return null;
}

function faultOf(statement: string, made: Set<string>): string | null {
  const created = new RegExp(`^CREATE TABLE (?:IF NOT EXISTS )?${NAME}`, 'i').exec(statement);
  if (created?.[1] !== undefined) {
    made.add(created[1]);
    return null;
  }
  if (/^CREATE (SEQUENCE|TYPE|VIEW) /i.test(statement)) return null;
  const index = new RegExp(`^CREATE (UNIQUE )?INDEX (?:IF NOT EXISTS )?\\S+ ON (?:ONLY )?${NAME}`, 'i').exec(
    statement,
  );
  if (index !== null) {
    const unique = index[1] !== undefined && !made.has(index[2] ?? '');
    return unique ? 'the older version may store what a new unique index refuses' : null;
  }
  const inserted = new RegExp(`^INSERT INTO ${NAME}`, 'i').exec(statement);
  if (inserted !== null) {
    return made.has(inserted[1] ?? '') ? null : 'rows are added to new tables alone';
  }
  const altered = new RegExp(`^ALTER TABLE (?:ONLY )?${NAME} ([\\s\\S]*)$`, 'i').exec(statement);
  if (altered !== null) {
    if (made.has(altered[1] ?? '')) return null;
    for (const action of actionsOf(altered[2] ?? '')) {
      const fault = faultOfAction(action);
      if (fault !== null) return fault;
    }
    return null;
  }
  return 'only tables, columns and indexes are added';
}

export interface Unsafe {
  statement: string;
  why: string;
}

/** What in a migration an older version that still runs might not bear. */
export function unsafeStatements(sql: string): Unsafe[] {
  const made = new Set<string>();
  const found: Unsafe[] = [];
  for (const part of sql.split(BREAKPOINT)) {
    const statements = withoutTexts(withoutComments(part))
      .split(';')
      .map((statement) => statement.trim().replaceAll(/\s+/g, ' '))
      .filter((statement) => statement !== '');
    for (const statement of statements) {
      const why = faultOf(statement, made);
      // The word is for one statement: it is not spread over others unseen.
      if (why !== null && !(statements.length === 1 && CONTRACT.test(part))) found.push({ statement, why });
    }
  }
  return found;
}
