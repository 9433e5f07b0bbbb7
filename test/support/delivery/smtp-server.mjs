// A real SMTP server in a process of its own: `node smtp-server.mjs <settings as JSON>`.
// Prints {"port"} once it listens, then one line of JSON for each mail that it took.
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const {
  cert,
  key,
  username,
  password,
  implicitTls = false,
  offerTls = true,
  answers = [],
} = JSON.parse(process.argv[2] ?? '{}');
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Answers to the first RCPT commands: SMTP codes; 250 afterwards. */
const left = [...answers];

const server = new SMTPServer({
  secure: implicitTls,
  ...(cert === undefined ? {} : { cert: readFileSync(cert), key: readFileSync(key) }),
  disabledCommands: offerTls ? [] : ['STARTTLS'],
  authOptional: username === undefined,
  onAuth: (auth, _session, done) => {
    if (auth.username === username && auth.password === password)
      return done(null, { user: username });
    done(new Error('wrong'));
  },
  onRcptTo: ({ address }, _session, done) => {
    const code = left.shift() ?? 250;
    if (code === 250) return done();
    done(Object.assign(new Error(`no ${address} here`), { responseCode: code }));
  },
  onData: (stream, session, done) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const { envelope, secure, user } = session;
      const to = envelope.rcptTo.map(({ address }) => address);
      say({ to, secure, user, raw: Buffer.concat(chunks).toString('utf8') });
      done();
    });
  },
  logger: false,
});
server.on('error', () => undefined);
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
process.on('SIGTERM', () => process.exit(0));
