import type { EpochPlace, ShipperNumbers } from '../../archive/commit_log.ts';
import { placeIn } from '../../archive/resume.ts';

/** How one record of a shipper's place stands to another: `apart` are two of which neither holds all that the other does. */
export type Standing = 'same' | 'ahead' | 'behind' | 'apart';

/** Where `one` stands, seen from `other`. */
export function standingOf(one: ShipperNumbers, other: ShipperNumbers): Standing {
  if (holds(one, other)) return holds(other, one) ? 'same' : 'ahead';
  return holds(other, one) ? 'behind' : 'apart';
}

/** True where everything up to `other` is known to `one` too. Epochs long past are forgotten, and the one may have done so. */
function holds(one: ShipperNumbers, other: ShipperNumbers): boolean {
  const reaches = ({ epoch, sequence, crc }: EpochPlace, ifUnknown: boolean): boolean => {
    const place = placeIn(one, epoch);
    if (place === undefined) return ifUnknown;
    return place.sequence > sequence || (place.sequence === sequence && place.crc === crc);
  };
  return reaches(other, false) && (other.earlier ?? []).every((place) => reaches(place, true));
}
