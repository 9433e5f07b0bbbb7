import { goldenSuite } from '../../support/authorizer/golden-suite.js';
import { temporaryLog } from '../../support/authorizer/running-authorizer.js';

goldenSuite('over gRPC, embedded log', async () => temporaryLog());
