import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeLine } from '#libs/audit/decision-line.js';
import { fileSink } from '#services/authorizer/app/decision-log/file-sink.js';
import { otlpSink } from '#services/authorizer/app/decision-log/otlp-sink.js';
import { LinesRefused } from '#services/authorizer/app/decision-log/sink.js';
import { stdoutSink } from '#services/authorizer/app/decision-log/stdout-sink.js';

describe('the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgate-sink-'));
  const path = join(folder, 'decisions.jsonl');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is added to, by its owner only; a line that was cut off stays alone', async () => {
    const first = await fileSink(path);
    await first.write(['one', 'two']);
    await first.close();
    appendFileSync(path, '{"cut of');
    const second = await fileSink(path);
    await second.write(['three']);
    await second.write(['four']);
    await second.close();
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n{"cut of\nthree\nfour\n');
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('that cannot be opened refuses the start', async () => {
    await expect(fileSink(join(folder, 'nowhere', 'x'))).rejects.toMatchObject({
      reason: 'MISCONFIGURED',
    });
  });
});

describe('standard output', () => {
  it('gets whole lines; a failed write is told', async () => {
    const written: string[] = [];
    const sink = stdoutSink({
      write: (text, done) => {
        written.push(text);
        done();
        return true;
      },
    });
    await sink.write(['one', 'two']);
    expect(written).toEqual(['one\ntwo\n']);
    const closed = stdoutSink({
      write: (_, done) => {
        done(new Error('closed'));
        return true;
      },
    });
    await expect(closed.write(['one'])).rejects.toThrow('closed');
  });
});

describe('a collector of OpenTelemetry', () => {
  let server: Server;
  let url = '';
  const seen: { path: string; type: string; body: unknown }[] = [];
  let status = 200;
  let answer = '{}';
  const lines = [
    encodeLine({ kind: 'start', authorizer: 'a', atMs: 1_700_000_000_001, sample: 1 }),
  ];

  beforeAll(async () => {
    server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const { url: path = '', headers } = request;
        seen.push({ path, type: headers['content-type'] ?? '', body });
        response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('gets log records in the JSON encoding of OTLP', async () => {
    await otlpSink({ url: `${url}/`, timeoutMs: 2_000 }).write(lines);
    expect(seen.at(-1)).toEqual({
      path: '/v1/logs',
      type: 'application/json',
      body: {
        resourceLogs: [
          {
            resource: {
              attributes: [
                { key: 'service.name', value: { stringValue: 'ledgate-authorizer' } },
                { key: 'service.instance.id', value: { stringValue: 'a' } },
              ],
            },
            scopeLogs: [
              {
                scope: { name: 'ledgate.decisions' },
                logRecords: [
                  {
                    timeUnixNano: '1700000000001000000',
                    severityNumber: 9,
                    severityText: 'INFO',
                    eventName: 'ledgate.start',
                    body: { stringValue: lines[0] },
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  it('is asked again where that may help, and not where it refused', async () => {
    const sink = otlpSink({ url, timeoutMs: 2_000 });
    for (const code of [429, 502, 503, 504]) {
      status = code;
      await expect(sink.write(lines)).rejects.not.toBeInstanceOf(LinesRefused);
    }
    for (const code of [400, 401, 404, 413]) {
      status = code;
      await expect(sink.write(lines)).rejects.toBeInstanceOf(LinesRefused);
    }
    status = 200;
    answer = '{"partialSuccess":{"rejectedLogRecords":"1"}}';
    await expect(sink.write(lines)).rejects.toBeInstanceOf(LinesRefused);
    const nobody = otlpSink({ url: 'http://127.0.0.1:1', timeoutMs: 2_000 });
    await expect(nobody.write(lines)).rejects.not.toBeInstanceOf(LinesRefused);
  });
});

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as unknown;
}
