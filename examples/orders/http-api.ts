import { currentIdentity, ledgateHono, resourcePath, type Ledgate } from '@ledgate/client';
import { Hono } from 'hono';
import { type Order, type Orders } from './orders.js';

/**
 * What an endpoint takes stands beside it: a permission, and the resource that the path names. A
 * grant on `projects/acme` covers all of that project, one on `projects/acme/orders/1` one order.
 */
export function httpApi(orders: Orders, ledgate: Ledgate): Hono {
  const { requirePermission } = ledgateHono(ledgate, { realm: 'orders' });
  const allOrders = 'projects/{project}/orders';
  const oneOrder = 'projects/{project}/orders/{id}';
  const app = new Hono();

  app.get('/healthz', (c) => c.text('ok'));

  app.get('/projects/:project/orders', requirePermission('orders:read', allOrders), async (c) => {
    const all = orders.of(c.req.param('project'));
    // As many questions as there are orders, and one call: they are asked in the same turn.
    return c.json(await Promise.all(all.map(withWhatMayBeDone)));
  });

  app.get('/projects/:project/orders/:id', requirePermission('orders:read', oneOrder), (c) => {
    const order = orders.find(c.req.param('project'), c.req.param('id'));
    return order ? c.json(order) : c.json({ title: 'no such order' }, 404);
  });

  app.post('/projects/:project/orders', requirePermission('orders:place', allOrders), async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const item = (body as { item?: unknown } | undefined)?.item;
    if (typeof item !== 'string' || item === '') return c.json({ title: 'item is missing' }, 400);
    const by = currentIdentity()?.principalId ?? '';
    return c.json(orders.place(c.req.param('project'), item, by), 201);
  });

  const refund = '/projects/:project/orders/:id/refund';
  app.post(refund, requirePermission('orders:refund', oneOrder), (c) => {
    const order = orders.find(c.req.param('project'), c.req.param('id'));
    return order ? c.json(orders.refund(order)) : c.json({ title: 'no such order' }, 404);
  });

  return app;
}

/** Tells a user interface whether to offer a refund; the endpoint asks again. */
async function withWhatMayBeDone(order: Order): Promise<Order & { mayRefund: boolean }> {
  const resource = resourcePath`projects/${order.project}/orders/${order.id}`;
  const mayRefund = (await currentIdentity()?.may('orders:refund', resource)) ?? false;
  return { ...order, mayRefund };
}
