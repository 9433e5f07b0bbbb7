import { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { openCallsOf } from '#libs/grpc/connection-guard.js';

describe('the open calls of a connection', () => {
  it('are counted one by one where Node does not show them', () => {
    const session = new EventEmitter();
    const open = openCallsOf(session as Http2Session);
    const [first, second] = [new EventEmitter(), new EventEmitter()];
    session.emit('stream', first);
    session.emit('stream', second);
    expect([...open()]).toEqual([first, second]);
    first.emit('close');
    expect([...open()]).toEqual([second]);
  });

  it('are read from Node where it shows them', () => {
    const streams = new Map([[1, new EventEmitter()]]);
    const session = Object.assign(new EventEmitter(), { [Symbol('state')]: { streams } });
    const open = openCallsOf(session as unknown as Http2Session);
    expect([...open()]).toEqual([...streams.values()]);
    streams.clear();
    expect([...open()]).toEqual([]);
    expect(session.listenerCount('stream')).toBe(0);
  });
});
