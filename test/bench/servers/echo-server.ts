// The baseline: a bare @grpc/grpc-js server with ts-proto codecs that sends back what it was sent.
import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js';
import type { Greeting } from './greeting.js';
import { AuthorizeRequest } from '#proto/ledgate/authorizer/v1/authorizer.js';

const echo: handleUnaryCall<AuthorizeRequest, AuthorizeRequest> = (call, callback) => {
  callback(null, call.request);
};

const server = new Server();
server.addService(
  {
    Echo: {
      path: '/bench.Echo/Echo',
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => AuthorizeRequest.decode(bytes),
      requestSerialize: (message: AuthorizeRequest) =>
        Buffer.from(AuthorizeRequest.encode(message).finish()),
      responseDeserialize: (bytes: Buffer) => AuthorizeRequest.decode(bytes),
      responseSerialize: (message: AuthorizeRequest) =>
        Buffer.from(AuthorizeRequest.encode(message).finish()),
    },
  },
  { Echo: echo },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ port } satisfies Greeting);
});
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit(0));
