import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { freePorts } from '../support/net/free-ports.js';
import { SeededRandom } from '../support/ledger/seeded-random.js';
import { foundTenant, standingOfAuthorizer, standingOfIdentity } from './administration.js';
import { audit } from './audit.js';
import { median, report, rounds } from './effort.js';
import { Endpoint } from './endpoint.js';
import { wrongAnswers } from './holding.js';
import { Load } from './load.js';
import { noBrakes, ServiceProcess } from './service-process.js';

const KILLS = 52;
const SAMPLE = 40;

describe('ledgate dev, killed -9 at any moment', () => {
  let data: string;
  let service: ServiceProcess;
  let identity: Endpoint;
  let authorizer: Endpoint;
  const random = new SeededRandom(Date.now());

  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'ledgate-chaos-'));
    const [a, b] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`) as [string, string];
    const env = {
      LEDGATE_IDENTITY_ADDR: a,
      LEDGATE_AUTHORIZER_ADDR: b,
      LEDGATE_LOG_LEVEL: 'error',
      ...noBrakes,
    };
    const args = ['--data', data, 'dev', '--no-demo'];
    service = new ServiceProcess({ args, env, serves: 'Ledgate serves' });
    identity = new Endpoint(a);
    authorizer = new Endpoint(b);
  });
  afterEach(async () => {
    identity.close();
    authorizer.close();
    await service.remove();
    rmSync(data, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    await service.start();
    identity.renew();
    authorizer.renew();
  }

  function dropState(): void {
    rmSync(join(data, 'identity-state'), { recursive: true, force: true });
    rmSync(join(data, 'identity-state.mark'), { force: true });
  }

  /** One way to die: at work, while starting, with the state folder gone. */
  async function kill(): Promise<void> {
    await sleep(random.between(50, 700));
    await service.kill();
    if (random.chance(0.2) && service.kills < KILLS) {
      await service.killWhileStarting(random.between(100, median(service.startsMs)));
    }
    if (random.chance(0.1)) dropState();
    await start();
  }

  async function standings(root: string) {
    const ofIdentity = await standingOfIdentity(identity, root);
    return { ofIdentity, ofAuthorizer: await standingOfAuthorizer(authorizer, root) };
  }

  it.each(rounds)(
    'nothing acknowledged is lost or doubled, revoked stays revoked (%i)',
    async () => {
      await start();
      const root = readFileSync(join(data, 'bootstrap-api-key'), 'utf8').trim();
      const admin = await foundTenant(identity, root);
      const load = new Load({ identities: [identity], admin, lanes: 6, random, thinkMs: 15 });
      const wrong: string[] = [];
      while (service.kills < KILLS) {
        const known = load.sample(performance.now(), SAMPLE);
        await kill();
        wrong.push(...(await wrongAnswers(known, authorizer, admin, 'now')));
      }
      await load.stop();

      wrong.push(...(await wrongAnswers(load.holdings, authorizer, admin, 'token')));
      const live = await standings(root);
      await service.kill();
      dropState();
      await start();
      const replayed = await standings(root);
      wrong.push(...(await wrongAnswers(load.holdings, authorizer, admin, 'now')));
      await service.remove();

      const log = openEmbeddedLog({ path: join(data, 'ledger'), name: 'auth.ledger.v1' });
      const secret = Buffer.from(
        readFileSync(join(data, 'keys', 'ledger.key'), 'utf8').trim(),
        'hex',
      );
      const found = await audit(log, secret, load);
      await log.close();
      const { holdings, unanswered, lostSecrets } = load;
      const revoked = holdings.filter((holding) => holding.revoked).length;
      const { kills, startsMs } = service;
      const counts = { unanswered, replayed: load.replayed, lostSecrets, revoked };
      report('embedded', { kills, startMs: median(startsMs), ...found, ...counts });

      expect(service.faults).toEqual([]);
      expect(load.surprises).toEqual([]);
      expect(wrong).toEqual([]);
      expect(found).toMatchObject({ lost: 0, doubled: 0, namesTwice: 0 });
      expect(replayed).toEqual(live);
      expect(live.ofAuthorizer).toMatchObject({ accepted: found.accepted, void: found.void });
      expect(found.acknowledged).toBeGreaterThan(10 * KILLS);
      expect(revoked).toBeGreaterThan(KILLS);
      expect(unanswered, 'kills that callers felt').toBeGreaterThan(KILLS / 2);
      expect(load.replayed, 'answers that a kill took away').toBeGreaterThan(0);
    },
  );
});
