import type { Clock } from '#libs/runtime/clock.js';
import type { Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import { addCounter, addGauge, type createRegistry } from '#libs/runtime/metrics.js';
import type { DeliveryConfig } from '#services/identity/config-delivery.js';
import type { Delivery, MessageSender } from '#services/identity/ports/delivery.js';
import { postFormTo } from '../outbound/post-form.js';
import { DeliveryQueue, type DeliveryOutcome } from './delivery-queue.js';
import { DevOutbox, type OutboxMessage } from './dev-outbox.js';
import { MessageWriter } from './message-writer.js';
import { smtpTransport } from './smtp-transport.js';
import type { Transport } from './transport.js';
import { twilioTransport } from './twilio-transport.js';
import { webhookTransport } from './webhook-transport.js';

export interface OpenDelivery extends Delivery {
  addMetrics(registry: ReturnType<typeof createRegistry>): void;
  close(): void;
}

export interface DeliveryParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly dataDir: string;
  /** Clients may be told something inside this network. */
  readonly allowPrivate?: boolean;
  /** Called with what a development installation keeps. */
  readonly onOutbox?: ((message: OutboxMessage) => void) | undefined;
}

/** The ways to people that the configuration names. */
export function openDelivery(
  config: DeliveryConfig | undefined,
  parts: DeliveryParts,
): OpenDelivery {
  const { clock, dataDir, onOutbox, allowPrivate = false } = parts;
  const writer = new MessageWriter(config?.templates);
  const outbox = config?.outbox === true ? new DevOutbox(dataDir, clock, onOutbox) : undefined;
  const mail = queueOf('mail', smtpOf(config) ?? outbox?.transport('MAIL'), writer, parts);
  const sms = queueOf('sms', smsOf(config, clock) ?? outbox?.transport('SMS'), writer, parts);
  const queues = [mail, sms].filter((queue) => queue instanceof DeliveryQueue);
  return {
    mail: { channel: 'MAIL', available: mail.available, send: (message) => mail.send(message) },
    sms: { channel: 'SMS', available: sms.available, send: (message) => sms.send(message) },
    postForm: postFormTo(allowPrivate),
    addMetrics: (registry) => measure(registry, { mail, sms }),
    close: () => {
      for (const queue of queues) queue.close();
    },
  };
}

const nobody: MessageSender = { available: false, send: () => undefined };

function queueOf(
  channel: 'mail' | 'sms',
  transport: Transport | undefined,
  writer: MessageWriter,
  { clock, ids, log }: DeliveryParts,
): MessageSender {
  if (transport === undefined) return nobody;
  return new DeliveryQueue({
    transport,
    clock,
    newId: () => ids.opaque(),
    write: (message) => writer.write(channel, message),
    onTrouble: (trouble) => log.warn({ channel, ...trouble }, 'a message was not taken'),
  });
}

function smtpOf(config: DeliveryConfig | undefined): Transport | undefined {
  return config?.smtp === undefined ? undefined : smtpTransport(config.smtp);
}

function smsOf(config: DeliveryConfig | undefined, clock: Clock): Transport | undefined {
  const sms = config?.sms;
  if (sms === undefined) return undefined;
  return sms.kind === 'twilio' ? twilioTransport(sms) : webhookTransport(sms, clock);
}

function measure(
  registry: ReturnType<typeof createRegistry>,
  channels: Readonly<Record<'mail' | 'sms', MessageSender>>,
): void {
  const queues = Object.entries(channels).flatMap(([channel, queue]) =>
    queue instanceof DeliveryQueue ? [{ channel, queue }] : [],
  );
  addCounter(registry, 'ledgate_identity_messages_total', 'Mail and text messages, by outcome.', {
    labels: ['channel', 'outcome'],
    read: () =>
      queues.flatMap(({ channel, queue }) =>
        (Object.entries(queue.counts) as [DeliveryOutcome, number][]).map(([outcome, count]) => ({
          labels: { channel, outcome },
          count,
        })),
      ),
  });
  addGauge(registry, 'ledgate_identity_messages_waiting', 'Messages that are not done with.', () =>
    queues.reduce((sum, { queue }) => sum + queue.waiting, 0),
  );
}
