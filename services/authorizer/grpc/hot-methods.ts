import type { Failure } from '#libs/errors/failure.js';
import { invalid } from '#libs/errors/failure.js';
import type { UnaryWiring } from '#libs/grpc/unary.js';
import { AuthorizerServiceService as definition } from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { Span, Tracer } from '#libs/runtime/tracer.js';
import type { Call } from '#services/authorizer/app/call.js';
import type { Answer, Answered } from '#services/authorizer/app/answers.js';
import { andThen, type AtOnce } from '#services/authorizer/app/at-once.js';
import type { Authorizer } from '#services/authorizer/app/authorizer.js';
import { limits } from '#services/authorizer/app/limits.js';
import { Checks } from './checks.js';
import type { DirectHandler, DirectMethod } from './direct-unary.js';
import { refusal } from './refusals.js';
import { readAuthentication, readBatch, readQuestion } from './wire/read-requests.js';
import { writeAnswer, writeAnswers, writeAuthentication } from './wire/write-answers.js';

/** Calls answered, by method: read when metrics are asked for. Refused calls are counted elsewhere. */
export type AnsweredCalls = Map<string, number>;

/** The three methods that are answered on the short way, by path. */
export function hotMethods(
  authorizer: Authorizer,
  wiring: UnaryWiring,
  answered: AnsweredCalls,
): ReadonlyMap<string, DirectMethod> {
  const { tracer } = wiring;
  const method = (path: string, handle: DirectHandler): [string, DirectMethod] => {
    answered.set(path, 0);
    return [
      path,
      {
        handle: (request, call) => {
          const span = tracer && spanOf(tracer, path, call);
          return andThen(handle(request, call), (bytes) => {
            span?.end();
            answered.set(path, (answered.get(path) ?? 0) + 1);
            return bytes;
          });
        },
        refuse: (thrown, metadata) => refusal(wiring, path, thrown, metadata),
      },
    ];
  };
  return new Map([
    method(definition.authorize.path, authorize(authorizer)),
    method(definition.batchAuthorize.path, batchAuthorize(authorizer)),
    method(definition.authenticate.path, authenticate(authorizer)),
  ]);
}

function authorize(authorizer: Authorizer): DirectHandler {
  return (bytes, call) => {
    const wire = readQuestion(bytes);
    const checks = new Checks();
    const question = checks.question(wire, '');
    const consistency = checks.consistency(wire.consistency);
    checks.check();
    return written(authorizer.authorize(call, question, consistency), writeAnswer);
  };
}

function batchAuthorize(authorizer: Authorizer): DirectHandler {
  return (bytes, call) => {
    const wire = readBatch(bytes, limits.batch);
    if (wire.count === 0 || wire.count > limits.batch) throw wrongSize();
    const checks = new Checks();
    const questions = wire.questions.map((one, i) => {
      if (one.consistency !== undefined) {
        checks.add(`requests[${i}].consistency`, 'belongs to the whole batch, not to one of it');
      }
      return checks.question(one, `requests[${i}].`);
    });
    const consistency = checks.consistency(wire.consistency);
    checks.check();
    return written(authorizer.batch(call, questions, consistency), (answers) =>
      writeAnswers(answers, answeredOf(answers)),
    );
  };
}

function authenticate(authorizer: Authorizer): DirectHandler {
  return (bytes, call) => {
    const wire = readAuthentication(bytes);
    const checks = new Checks();
    const credential = checks.credential(wire.credential, 'credential');
    const consistency = checks.consistency(wire.consistency);
    checks.check();
    return written(authorizer.authenticate(call, credential, consistency), writeAuthentication);
  };
}

/**
 * The bytes of an answer. The writers share one buffer, which is good for this turn only: an answer
 * that had to wait takes its bytes along, else callers who wait together would get each other's.
 */
function written<A>(answer: AtOnce<A>, write: (answer: A) => Buffer): AtOnce<Buffer> {
  return answer instanceof Promise
    ? answer.then((late) => Buffer.from(write(late)))
    : write(answer);
}

/** All were decided on one state; what is old for one tenant of them makes the whole old. */
function answeredOf(answers: readonly Answer[]): Answered {
  const [first] = answers;
  if (first === undefined) throw new TypeError('a batch is never empty');
  return answers.find(({ answered }) => answered.stale)?.answered ?? first.answered;
}

function wrongSize(): Failure {
  return invalid({ field: 'requests', description: `must be 1 to ${limits.batch}` });
}

/** Of calls that are answered: a refused one is in the log and in the metrics. */
function spanOf(tracer: Tracer, path: string, call: Call): Span | undefined {
  const traceparent = call.traceparent?.() ?? '';
  const attributes = { 'rpc.system': 'grpc' };
  return tracer.start({ name: path.slice(1), kind: 'SERVER', traceparent, attributes });
}
