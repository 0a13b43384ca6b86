/** The parts of JSON Schema that our document uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  default?: unknown;
  description?: string;
}

/** `input`: what a caller gives; what has a default may be left out there, and lists may be read-only. */
export type Use = 'answer' | 'input';

/** As biome.json has it. */
const LINE_WIDTH = 110;

const PLAIN: Record<string, string> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

export const indent = (depth: number) => '  '.repeat(depth);

export const literal = (value: unknown) =>
  typeof value === 'string'
    ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    : JSON.stringify(value);

/** `*` and `/` together would end it. */
export const comment = (text: string | undefined, depth: number) =>
  text === undefined || text === '' ? '' : `${indent(depth)}/** ${text.replaceAll('*/', '* /')} */\n`;

const keyOf = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name));

/** Schemas by the name that they have in TypeScript, and what is said of them. */
export class TypeText {
  readonly #names: ReadonlyMap<string, string>;
  readonly #enums = new Map<string, string>();

  constructor(schemas: Record<string, Schema>, names: ReadonlyMap<string, string>) {
    this.#names = names;
    for (const [name, { properties = {} }] of Object.entries(schemas)) {
      for (const [key, { enum: values }] of Object.entries(properties)) {
        if (values !== undefined) this.#enums.set(JSON.stringify(values), `${names.get(name)}['${key}']`);
      }
    }
  }

  of(schema: Schema, use: Use, depth: number): string {
    return this.#members(schema, use, depth).join(' | ');
  }

  /** One line of an object's type, or more. */
  field(name: string, schema: Schema, needed: boolean, use: Use, depth: number): string {
    // Under exactOptionalPropertyTypes a caller could not hand on what it may not have.
    const more = needed || use === 'answer' ? [] : ['undefined'];
    const start = `${indent(depth)}${keyOf(name)}${needed ? '' : '?'}:`;
    const members = [...this.#members(schema, use, depth), ...more];
    const line = `${start} ${members.join(' | ')};\n`;
    const isLong = !line.includes('\n  ') && line.length > LINE_WIDTH + 1;
    const isObjectOrUndefined = more.length > 0 && members.some((member) => member.startsWith('{'));
    if (!isLong && !isObjectOrUndefined) return line;
    const apart = [...this.#members(schema, use, depth + 2), ...more];
    return `${start}${apart.map((member) => `\n${indent(depth + 1)}| ${member}`).join('')};\n`;
  }

  /** What it may be, each once. */
  #members(schema: Schema, use: Use, depth: number): string[] {
    const either = eitherOf(schema);
    if (either !== undefined) return [...new Set(either.flatMap((each) => this.#members(each, use, depth)))];
    if (schema.enum !== undefined) return schema.enum.map(literal);
    if (schema.$ref !== undefined) return [this.#names.get(schema.$ref.replace(/^.*\//, '')) ?? 'unknown'];
    if (schema.const !== undefined) return [literal(schema.const)];
    if (schema.allOf !== undefined) {
      return [schema.allOf.map((each) => this.#grouped(each, use, depth)).join(' & ')];
    }
    if (schema.type === 'array') return [this.#list(schema.items ?? {}, use, depth)];
    if (schema.type === 'object') return [this.#object(schema, use, depth)];
    return [PLAIN[String(schema.type)] ?? 'unknown'];
  }

  #grouped(schema: Schema, use: Use, depth: number): string {
    const text = this.of(schema, use, depth);
    const isCompound = eitherOf(schema) ?? schema.allOf ?? schema.enum;
    return isCompound === undefined ? text : `(${text})`;
  }

  #list(items: Schema, use: Use, depth: number): string {
    const before = use === 'input' ? 'readonly ' : '';
    const text = `${before}${this.#grouped(items, use, depth)}[]`;
    if (items.enum === undefined || indent(depth).length + text.length < LINE_WIDTH) return text;
    // A long enumeration that a named schema tells too is said once.
    const known = this.#enums.get(JSON.stringify(items.enum));
    return known === undefined ? text : `${before}${known}[]`;
  }

  #object({ properties, required = [], additionalProperties }: Schema, use: Use, depth: number): string {
    const record =
      typeof additionalProperties === 'object'
        ? `Record<string, ${this.of(additionalProperties, use, depth)}>`
        : null;
    if (properties === undefined || Object.keys(properties).length === 0) {
      return record ?? (additionalProperties === false ? 'Record<string, never>' : 'Record<string, unknown>');
    }
    const fields = Object.entries(properties).map(([name, schema]) => {
      const needed = required.includes(name) && (use === 'answer' || schema.default === undefined);
      return comment(schema.description, depth + 1) + this.field(name, schema, needed, use, depth + 1);
    });
    const text = `{\n${fields.join('')}${indent(depth)}}`;
    return record === null ? text : `${text} & ${record}`;
  }
}

/** Schemas of which one must hold. */
function eitherOf({ type, anyOf, oneOf, ...rest }: Schema): Schema[] | undefined {
  if (anyOf !== undefined || oneOf !== undefined) return anyOf ?? oneOf;
  return Array.isArray(type) && rest.enum === undefined
    ? type.map((each) => ({ ...rest, type: each }))
    : undefined;
}
