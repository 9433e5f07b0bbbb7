import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { publicEventTypes, publicFieldsOf } from '#libs/events/public-events.js';
import { asyncApi, fieldsOf, tableRows } from '../../support/events/public-schema.js';

const yamlFile = new URL('../../../docs/asyncapi.yaml', import.meta.url);
const pageFile = new URL('../../../docs/events.md', import.meta.url);
const updating = process.env['UPDATE_DOCS'] === '1';

describe('documents about the public events', () => {
  it('the AsyncAPI file has every channel, message and field', () => {
    const made = asyncApi();
    if (updating) writeFileSync(yamlFile, stringify(made, { lineWidth: 100 }));
    expect(parse(readFileSync(yamlFile, 'utf8'))).toEqual(made);
  });

  it('docs/events.md has every event with its topics, fields and type', () => {
    const rows = tableRows();
    const isRow = (line: string): boolean => /^\| `[A-Z]/u.test(line);
    if (updating) {
      const kept = readFileSync(pageFile, 'utf8')
        .split('\n')
        .filter((line) => !isRow(line));
      const at = kept.findIndex((line) => line.startsWith('| event |')) + 2;
      writeFileSync(pageFile, [...kept.slice(0, at), ...rows, ...kept.slice(at)].join('\n'));
    }
    expect(readFileSync(pageFile, 'utf8').split('\n').filter(isRow)).toEqual(rows);
  });

  it('each message has exactly the fields of the white list', () => {
    for (const type of publicEventTypes()) {
      const fields = fieldsOf(type).map(({ jsonName }) => jsonName);
      expect([type, fields.toSorted()]).toEqual([type, [...publicFieldsOf(type)].toSorted()]);
    }
  });

  it('every reference of the AsyncAPI file leads somewhere', () => {
    const text = readFileSync(yamlFile, 'utf8');
    const document = parse(text) as Record<string, unknown>;
    const references = [...text.matchAll(/\$ref: "?#\/([^"\n]+)"?/gu)].map(
      ([, path]) => path ?? '',
    );
    expect(references.length).toBeGreaterThan(100);
    for (const path of references) {
      const found = path
        .split('/')
        .reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document);
      expect([path, typeof found]).toEqual([path, 'object']);
    }
  });
});
