import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** The definition of `shop.v1.Orders`, read from the .proto file instead of generated code. */
export function ordersDefinition(): ServiceDefinition {
  const file = fileURLToPath(new URL('orders.proto', import.meta.url));
  const { shop } = loadPackageDefinition(loadSync(file)) as unknown as {
    shop: { v1: { Orders: { service: ServiceDefinition } } };
  };
  return shop.v1.Orders.service;
}
