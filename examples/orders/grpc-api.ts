import { Server, status, type handleUnaryCall } from '@grpc/grpc-js';
import { protect, type Ledgate, type MethodRules } from '@ledgate/client';
import { ordersDefinition } from './orders-definition.js';
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
