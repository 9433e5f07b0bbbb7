import { describe, expect, it } from 'vitest';
import { Output, timeText, type Row } from '#services/ledgate/cli/output.js';

const row: Row = { grantId: 'g1', on: ['a', 'b'], position: 17n, admin: false, expires: undefined };

function written(json: boolean, write: (out: Output) => void): string {
  let text = '';
  write(new Output(json, (more) => (text += more)));
  return text;
}

describe('output for people', () => {
  it('lists the fields of one thing, but those that are empty', () => {
    const lines = written(false, (out) => out.one(row)).split('\n');
    expect(lines.map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
      'grant id | g1',
      'on | a b',
      'position | 17',
      'admin | false',
      '',
    ]);
  });

  it('puts many things into a table, and says when there are none', () => {
    const [head, first] = written(false, (out) => out.many([row, row], 'none')).split('\n');
    expect(head).toMatch(/^ grant id +on +position +admin +expires/);
    expect(first).toMatch(/^ g1 +a b +17 +false/);
    expect(written(false, (out) => out.many([], 'none yet'))).toBe('none yet\n');
  });

  it('says lines', () => {
    expect(written(false, (out) => out.say('done'))).toBe('done\n');
    expect(written(false, (out) => out.line(row, 'for people'))).toBe('for people\n');
  });
});

describe('output for programs', () => {
  it('is one JSON document, with plain numbers, and nothing else', () => {
    const one = written(true, (out) => {
      out.say('not for programs');
      out.one(row);
    });
    expect(JSON.parse(one)).toEqual({ grantId: 'g1', on: ['a', 'b'], position: 17, admin: false });
    expect(JSON.parse(written(true, (out) => out.many([], 'none')))).toEqual([]);
  });

  it('is one document a line in a stream', () => {
    const text = written(true, (out) => {
      out.line({ position: 1n }, '');
      out.line({ position: 2n }, '');
    });
    expect(text).toBe('{"position":1}\n{"position":2}\n');
  });
});

describe('timeText', () => {
  it('is empty for "never"', () => {
    expect([timeText(0n), timeText(1_000)]).toEqual(['', '1970-01-01T00:00:01.000Z']);
  });
});
