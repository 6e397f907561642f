/** Pairs of schemas, each with the verdict it deserves: what `schema check` says is held to it, and what Python's generated code does too. */
import type { SchemaChange } from './schema_change.ts';
import { FIELD_CHANGES } from './schema_field_changes.ts';
import { SERVICE_CHANGES } from './schema_service_changes.ts';
import { CONTAINER_CHANGES, KIND_CHANGES } from './schema_type_changes.ts';

export const SCHEMA_CHANGES: readonly SchemaChange[] = [
  ...FIELD_CHANGES,
  ...CONTAINER_CHANGES,
  ...KIND_CHANGES,
  ...SERVICE_CHANGES,
];

/** Nobody is hurt by any of its changes. */
export const isSafeChange = ({ changes }: SchemaChange): boolean =>
  Object.values(changes).every((hurts) => hurts.length === 0);
