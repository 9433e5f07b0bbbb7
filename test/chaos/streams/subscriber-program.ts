// A subscriber as others would write it: puts the id of each event into its database.
//   subscriber-program.ts <options as JSON>
// Prints `up` once it runs, then how many events its database holds.
import kafkajs from 'kafkajs';
import type { OnPoison } from '#libs/subscriber/handlers.js';
import { grpcSource } from '#libs/subscriber/grpc/grpc-source.js';
import { kafkaSource } from '#libs/subscriber/kafka/kafka-source.js';
import { subscribe } from '#libs/subscriber/subscribe.js';
import { EffectsStore, type EffectsTx } from './effects-store.js';
import type { SubscriberProgramOptions } from './subscriber-options.js';

const options = JSON.parse(process.argv[2] ?? '') as SubscriberProgramOptions;
const store = new EffectsStore(options.folder);

const source =
  options.source.kind === 'grpc'
    ? grpcSource({
        address: options.source.address,
        credential: options.source.credential,
        tenant: options.source.tenant,
      })
    : kafkaSource({
        kafka: new kafkajs.Kafka({
          brokers: options.source.brokers,
          logLevel: kafkajs.logLevel.NOTHING,
        }),
        prefix: options.source.prefix,
      });

const onPoison: OnPoison = ({ id, error }) => {
  process.stdout.write(`poison ${id} ${String(error)}\n`);
  return 'stop';
};
const onTrouble = (error: unknown): void => {
  process.stdout.write(`trouble ${String(error)}\n`);
};
const common = { source, start: 'beginning', onPoison, onTrouble } as const;
const subscription =
  options.checkpoint === 'own'
    ? subscribe<EffectsTx>({
        ...common,
        checkpoint: store.transaction,
        on: {
          RoleGranted: (_, { id, tx }) => tx.add(id),
          GrantRevoked: (_, { id, tx }) => tx.add(id),
        },
      })
    : subscribe({
        ...common,
        checkpoint: store.apart,
        on: {
          RoleGranted: (_, { id }) => store.add(id),
          GrantRevoked: (_, { id }) => store.add(id),
        },
      });
process.stdout.write('up\n');
setInterval(() => process.stdout.write(`count ${store.count}\n`), 50);
await subscription.done.catch((error: unknown) => {
  process.stdout.write(`ended ${String(error)}\n`);
  process.exitCode = 1;
});
