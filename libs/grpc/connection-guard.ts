import { constants, type Http2Server, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';

export interface GuardLimits {
  readonly maxConnections: number;
  readonly stuckCallMs: number;
  readonly connectionIdleMs: number;
}

/** A connection that has this many stuck calls at once is not merely slow. */
const stuckCallsPerConnection = 8;

/** Calls that a connection may have cancelled between two looks, as far as a sample of them tells. */
const cancelledCallsPerLook = 800;
/**
 * One call in so many is looked at when it ends, chosen at random: nobody can cancel only the others.
 * A listener on every call costs a twentieth of a short one.
 */
const sampled = 4;

const guarded = new WeakSet<Http2Server>();
const connectionsOf = new WeakMap<Server, Set<Http2Session>>();

/**
 * Bounds what a peer can hold open without a deadline: a request sent drop by drop, or an answer
 * not taken. A call that is stuck at two looks in a row is reset; a connection with many such calls
 * is cut, and so is one that cancels calls as fast as it makes them (CVE-2023-44487). A call that
 * has its request and computes, or streams, is left alone. A connection that has made no call for a
 * while is closed. Costs next to nothing a call.
 */
export function guardConnections(server: Server, limits: GuardLimits): void {
  const connections = connectionsOf.get(server) ?? new Set<Http2Session>();
  connectionsOf.set(server, connections);
  for (const listener of listenersOf(server)) {
    if (guarded.has(listener)) continue;
    guarded.add(listener);
    listener.maxConnections = limits.maxConnections;
    listener.on('session', (session) => {
      connections.add(session);
      session.on('close', () => connections.delete(session));
    });
    guardCalls(listener, limits);
  }
}

/**
 * Cuts every connection now. `forceShutdown` of grpc-js 1.14 forgets them when channelz is off:
 * running calls then go on until their callers give up.
 */
export function cutConnections(server: Server): void {
  for (const session of connectionsOf.get(server) ?? []) session.destroy();
}

/** A connection under guard. */
interface Guarded {
  readonly calls: () => Iterable<ServerHttp2Stream>;
  /** Looks in a row at which it had no call, and had made none since the one before. */
  idleLooks: number;
  lastStream: number;
}

function guardCalls(listener: Http2Server, limits: GuardLimits): void {
  const { stuckCallMs, connectionIdleMs } = limits;
  const sessions = new Map<Http2Session, Guarded>();
  const cancelled = new Map<Http2Session, number>();
  let suspects = new Set<ServerHttp2Stream>();
  listener.on('session', (session) => {
    sessions.set(session, { calls: openCallsOf(session), idleLooks: 0, lastStream: -1 });
    const closed = function (this: ServerHttp2Stream): void {
      if (this.aborted || this.rstCode !== 0) count(cancelled, session);
    };
    session.on('stream', (stream: ServerHttp2Stream) => {
      if (Math.random() * sampled < 1) stream.on('close', closed);
    });
    session.on('close', () => sessions.delete(session));
  });
  const look = (): void => {
    cancelled.clear();
    const stuck: ServerHttp2Stream[] = [];
    for (const [session, one] of sessions) {
      const calls = [...one.calls()];
      stuck.push(...calls.filter(isWaitingForPeer));
      if (idleLooks(session, one, calls.length) * stuckCallMs >= connectionIdleMs) session.close();
    }
    cut(stuck.filter((stream) => suspects.has(stream)));
    suspects = new Set(stuck);
  };
  const timer = setInterval(look, stuckCallMs).unref();
  listener.on('close', () => clearInterval(timer));
}

/**
 * Looks in a row at which the connection did nothing. grpc-js can close idle connections too, but
 * adds a listener to every call for it.
 */
function idleLooks(session: Http2Session, one: Guarded, open: number): number {
  const { lastProcStreamID = 0 } = session.state;
  const idle = open === 0 && lastProcStreamID === one.lastStream;
  one.lastStream = lastProcStreamID;
  one.idleLooks = idle ? one.idleLooks + 1 : 0;
  return one.idleLooks;
}

/**
 * The calls that are open on a connection. Node keeps them in a map of its own, which is read where
 * it is to be found: a set beside it, kept call by call, costs a fifth of a short call.
 */
export function openCallsOf(session: Http2Session): () => Iterable<ServerHttp2Stream> {
  const name = Object.getOwnPropertySymbols(session).find(
    ({ description }) => description === 'state',
  );
  const state: unknown = name === undefined ? undefined : Reflect.get(session, name);
  if (typeof state === 'object' && state !== null && 'streams' in state) {
    const { streams } = state;
    if (streams instanceof Map) return () => (streams as Map<number, ServerHttp2Stream>).values();
  }
  const open = new Set<ServerHttp2Stream>();
  session.on('stream', (stream: ServerHttp2Stream) => {
    open.add(stream);
    stream.on('close', () => open.delete(stream));
  });
  return () => open;
}

/** nghttp2 stops answering a connection after 1,000 resets in a row, but Node keeps it open. */
function count(cancelled: Map<Http2Session, number>, session: Http2Session): void {
  const times = (cancelled.get(session) ?? 0) + sampled;
  cancelled.set(session, times);
  if (times > cancelledCallsPerLook) destroy(session);
}

function destroy(session: Http2Session): void {
  if (session.destroyed) return;
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  session.destroy();
}

/** Its request is not complete, or something written to it has not been taken. */
function isWaitingForPeer(stream: ServerHttp2Stream): boolean {
  return !stream.readableEnded || stream.writableEnded || stream.writableLength > 0;
}

function cut(stuck: readonly ServerHttp2Stream[]): void {
  const perSession = new Map<Http2Session, number>();
  for (const stream of stuck) {
    const { session } = stream;
    stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    if (session !== undefined) perSession.set(session, (perSession.get(session) ?? 0) + 1);
  }
  for (const [session, calls] of perSession) {
    if (calls >= stuckCallsPerConnection) destroy(session);
  }
}

/** The Node servers behind a grpc-js server; it has no public way to them. */
function listenersOf(server: Server): Http2Server[] {
  const listeners: unknown = Reflect.get(server, 'http2Servers');
  if (!(listeners instanceof Map)) {
    throw new Failure('MISCONFIGURED', 'this version of grpc-js hides its HTTP/2 servers');
  }
  return [...(listeners as Map<Http2Server, unknown>).keys()];
}
