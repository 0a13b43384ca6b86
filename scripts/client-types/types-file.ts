import { comment, indent, literal, type Schema, TypeText } from './type-text.ts';

type Content = Record<string, { schema?: Schema }>;

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export interface Operation {
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content?: Content };
  responses?: Record<string, { description?: string; content?: Content }>;
}

export interface Document {
  paths?: Record<string, unknown>;
  components?: { schemas?: Record<string, unknown> };
}

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const JSON_TYPE = 'application/json';

const HEADER = `// Generated from the OpenAPI document of the server by \`npm run client-types\`: do not edit.
`;

/** `Error` would hide JavaScript's own. */
const nameOf = (schema: string) => (schema === 'Error' ? 'ErrorBody' : schema);

const succeeded = ({ responses = {} }: Operation) =>
  Object.entries(responses).filter(([status]) => status.startsWith('2'));

/** The media type of calls that answer text alone, of those that have it among others too. */
function textOf(operation: Operation, alone: boolean): string | undefined {
  const types = succeeded(operation).flatMap(([, { content = {} }]) => Object.keys(content));
  return alone && types.includes(JSON_TYPE) ? undefined : types.find((type) => type !== JSON_TYPE);
}

class CallText {
  readonly #types: TypeText;

  constructor(types: TypeText) {
    this.#types = types;
  }

  of(call: string, operation: Operation): string {
    const said = succeeded(operation).map(([status, { description = '' }]) => `${status}: ${description}`);
    const lines = [
      this.#parameters('params', operation, 'path'),
      this.#parameters('query', operation, 'query'),
      this.#body(operation),
      `${indent(2)}answer: ${this.#answer(operation)};\n`,
    ];
    return `${comment(said.join('; '), 1)}${indent(1)}${literal(call)}: {\n${lines.join('')}${indent(1)}};\n`;
  }

  #parameters(field: string, { parameters = [] }: Operation, place: string): string {
    const found = parameters.filter((parameter) => parameter.in === place);
    if (found.length === 0) return '';
    const optional = found.every(({ required = false }) => !required);
    const fields = found.map(
      ({ name, required = false, schema = {}, description = schema.description }) =>
        comment(description, 3) + this.#types.field(name, schema, required, 'input', 3),
    );
    return `${indent(2)}${field}${optional ? '?' : ''}: {\n${fields.join('')}${indent(2)}};\n`;
  }

  #body({ requestBody }: Operation): string {
    const schema = requestBody?.content?.[JSON_TYPE]?.schema;
    return schema === undefined ? '' : this.#types.field('body', schema, true, 'input', 2);
  }

  /** JSON where there is some, else text; null of an answer without a body. */
  #answer(operation: Operation): string {
    const answers = succeeded(operation).map(([, { content = {} }]) => {
      const schema = content[JSON_TYPE]?.schema;
      if (schema !== undefined) return this.#types.of(schema, 'answer', 2);
      return Object.keys(content).length > 0 ? 'string' : 'null';
    });
    return [...new Set(answers)].join(' | ');
  }
}

/** A TypeScript module of what the document tells, in the form that the formatter gives it. */
export function typesFile({ paths = {}, components = {} }: Document): string {
  const schemas = (components.schemas ?? {}) as Record<string, Schema>;
  const types = new TypeText(schemas, new Map(Object.keys(schemas).map((name) => [name, nameOf(name)])));
  const named = Object.entries(schemas).map(([name, schema]) => {
    const text = types.of(schema, 'answer', 0);
    return text.startsWith('{')
      ? `export interface ${nameOf(name)} ${text}\n`
      : `export type ${nameOf(name)} = ${text};\n`;
  });
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as Record<string, Operation>)[method];
      return operation === undefined ? [] : [{ call: `${method.toUpperCase()} ${path}`, operation }];
    }),
  );
  const callText = new CallText(types);
  const calls = operations.map(({ call, operation }) => callText.of(call, operation));
  const texts = operations.flatMap(({ call, operation }) => {
    const type = textOf(operation, true);
    return type === undefined ? [] : [`${indent(1)}${literal(call)}: ${literal(type)},\n`];
  });
  const csv = operations.flatMap(({ call, operation }) =>
    textOf(operation, false) === 'text/csv' ? [`\n${indent(1)}| ${literal(call)}`] : [],
  );
  return [
    HEADER,
    ...named,
    `/** By method and path. */\nexport interface Calls {\n${calls.join('')}}\n`,
    `/** Calls that answer text instead of JSON, and of which type. */\nexport const TEXTS = {\n${texts.join('')}} as const;\n`,
    `/** Calls that can answer CSV of any length. */\nexport type CsvCall =${csv.join('')};\n`,
  ].join('\n');
}
