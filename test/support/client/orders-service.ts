import { type ServiceDefinition } from '@grpc/grpc-js';

/** A message of the test service, as JSON on the wire. */
export interface OrderRequest {
  readonly orderId?: string;
  readonly order?: { readonly id: string };
}

export interface OrderReply {
  readonly text: string;
}

const requestSerialize = (value: OrderRequest): Buffer => Buffer.from(JSON.stringify(value));
const requestDeserialize = (bytes: Buffer): OrderRequest =>
  JSON.parse(bytes.toString()) as OrderRequest;
const responseSerialize = (value: OrderReply): Buffer => Buffer.from(JSON.stringify(value));
const responseDeserialize = (bytes: Buffer): OrderReply =>
  JSON.parse(bytes.toString()) as OrderReply;

const codecs = { requestSerialize, requestDeserialize, responseSerialize, responseDeserialize };

/** One method of each of the four kinds, and two that other rules are tried on. */
export const ordersService = {
  getOrder: {
    path: '/test.v1.Orders/GetOrder',
    requestStream: false,
    responseStream: false,
    ...codecs,
  },
  watchOrder: {
    path: '/test.v1.Orders/WatchOrder',
    requestStream: false,
    responseStream: true,
    ...codecs,
  },
  importOrders: {
    path: '/test.v1.Orders/ImportOrders',
    requestStream: true,
    responseStream: false,
    ...codecs,
  },
  chat: { path: '/test.v1.Orders/Chat', requestStream: true, responseStream: true, ...codecs },
  ping: { path: '/test.v1.Orders/Ping', requestStream: false, responseStream: false, ...codecs },
  forgotten: {
    path: '/test.v1.Orders/Forgotten',
    requestStream: false,
    responseStream: false,
    ...codecs,
  },
} as const satisfies ServiceDefinition;
