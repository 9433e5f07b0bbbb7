// Argon2 and nothing else: as many verifications at once as there are cores.
import { availableParallelism } from 'node:os';
import argon2 from 'argon2';

const password = 'seven quiet lanterns';
const cost = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const stored = await argon2.hash(password, cost);

async function lane(untilMs: number): Promise<number> {
  let done = 0;
  while (performance.now() < untilMs) {
    if (!(await argon2.verify(stored, password))) throw new Error('a right password was refused');
    done += 1;
  }
  return done;
}

process.on('message', ({ runMs }: { runMs: number }) => {
  void (async () => {
    const started = performance.now();
    const lanes = Array.from({ length: availableParallelism() }, () => lane(started + runMs));
    const done = (await Promise.all(lanes)).reduce((sum, one) => sum + one, 0);
    process.send?.({ perSecond: (done * 1000) / (performance.now() - started) });
  })();
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
