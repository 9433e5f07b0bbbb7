// Builds the package that subscribers install: dist/subscriber-package, ready for `npm pack`.
//   node services/ledgate/launch/build-subscriber.mjs
import { buildPackage } from './build-package.mjs';

buildPackage({
  name: '@ledgate/subscriber',
  description: 'Handles the public events of Ledgate, each one and in order, by gRPC or from Kafka',
  room: 'subscriber',
  tsconfig: 'tsconfig.subscriber.json',
  target: 'subscriber-package',
  needed: ['@bufbuild/protobuf', '@grpc/grpc-js'],
  peers: ['kafkajs'],
});
