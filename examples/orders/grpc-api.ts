import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  Server,
  status,
  type handleUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protect, type Ledgate, type MethodRules } from '@ledgate/client';
import { type Order, type Orders } from './orders.js';

interface GetOrderRequest {
  readonly project: string;
  readonly id: string;
}

/** A method that is not in here is denied. */
const rules: MethodRules = {
  '/shop.v1.Orders/GetOrder': {
    permission: 'orders:read',
    resource: 'projects/{project}/orders/{id}',
  },
};

/** The definition of `shop.v1.Orders`, without generated code. */
export function ordersDefinition(): ServiceDefinition {
  const file = fileURLToPath(new URL('orders.proto', import.meta.url));
  const { shop } = loadPackageDefinition(loadSync(file)) as unknown as {
    shop: { v1: { Orders: { service: ServiceDefinition } } };
  };
  return shop.v1.Orders.service;
}

export function grpcApi(orders: Orders, ledgate: Ledgate): Server {
  const server = new Server({ interceptors: [protect(rules, ledgate)] });
  const getOrder: handleUnaryCall<GetOrderRequest, Order> = ({ request }, callback) => {
    const order = orders.find(request.project, request.id);
    if (order) callback(null, order);
    else callback({ code: status.NOT_FOUND, details: 'no such order' });
  };
  server.addService(ordersDefinition(), { getOrder });
  return server;
}
