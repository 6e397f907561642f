import { grantTo, migrate } from './migrations.ts';
import { openPostgres } from './postgres_sql.ts';

/**
 * Makes the tables as the owner that `databaseUrl` names, where they are missing, and lets `role`, which is there already, append,
 * read and consume, and change nothing that is stored. Rejects with EventStoreError.
 */
export async function grantRole(databaseUrl: string, role: string): Promise<void> {
  await using sql = await openPostgres(databaseUrl);
  await migrate(sql);
  await grantTo(sql, role);
}
