import { Client, Metadata, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { connect } from '#libs/grpc/connect.js';
import {
  EventServiceService,
  type SubscribeRequest,
  type SubscribeResponse,
} from '#proto/ledgate/events/v1/event_service.js';

/** One open stream of events, and everything that came by it. */
export class EventStream {
  readonly responses: SubscribeResponse[] = [];
  /** Status code with which it ended. */
  code: number | undefined;
  details = '';
  readonly #client: Client;
  readonly #call: ClientReadableStream<SubscribeResponse>;

  constructor(address: string, bearer: string | undefined, request: Partial<SubscribeRequest>) {
    this.#client = connect(Client, { address, credentials: undefined, allowPlaintext: false });
    const metadata = new Metadata();
    if (bearer !== undefined) metadata.set('authorization', `Bearer ${bearer}`);
    const { path, requestSerialize, requestDeserialize, responseDeserialize } =
      EventServiceService.subscribe;
    this.#call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { ...requestDeserialize(Buffer.alloc(0)), ...request },
      metadata,
    );
    this.#call.on('data', (response: SubscribeResponse) => this.responses.push(response));
    this.#call.on('error', ({ code, details }: ServiceError) => {
      this.code = code;
      this.details = details;
    });
    this.#call.on('end', () => {
      this.code ??= 0;
    });
  }

  /** Types of the events so far. */
  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  get events() {
    return this.responses.flatMap(({ item }) => (item?.$case === 'event' ? [item.value] : []));
  }

  /** Where it is, as far as it says so. */
  get through(): number | undefined {
    const last = this.responses.at(-1)?.item;
    return last === undefined ? undefined : Number(last.value.position);
  }

  get atEnd(): boolean {
    return this.responses.some(({ item }) => item?.$case === 'progress' && item.value.atEnd);
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}
