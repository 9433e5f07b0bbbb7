// Builds the package that backend services install: dist/client-package, ready for `npm pack`.
//   node services/ledgate/launch/build-client.mjs
import { buildPackage } from './build-package.mjs';

buildPackage({
  name: '@ledgate/client',
  description: 'Asks Ledgate who somebody is and what they may do; protects gRPC and HTTP services',
  room: 'client',
  tsconfig: 'tsconfig.client.json',
  target: 'client-package',
  needed: ['@bufbuild/protobuf', '@grpc/grpc-js'],
  protos: ['ledgate/v1/authorize.proto'],
});
