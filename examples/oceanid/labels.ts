/** Labels of the entity recogniser, in the order of the model's outputs. */
export const nerLabels: readonly string[] = [
  ...["O", "VESSEL", "IMO", "MMSI", "CALL_SIGN", "FLAG", "PORT", "ANCHORAGE", "BERTH", "CANAL", "STRAIT"],
  ...["SEA", "OCEAN", "COUNTRY", "COORDINATES", "EEZ", "RFMO", "FISHING_AREA", "SPECIES", "GEAR", "CATCH"],
  ...["QUOTA", "LICENCE", "LICENCE_NUMBER", "OWNER", "OPERATOR", "MANAGER", "CHARTERER", "INSURER", "BROKER"],
  ...[
    "REGISTRY",
    "CLASS_SOCIETY",
    "SHIPYARD",
    "BUILD_YEAR",
    "TONNAGE",
    "LENGTH",
    "BEAM",
    "DRAUGHT",
    "ENGINE",
  ],
  ...["CARGO", "CONTAINER", "COMMODITY", "WEIGHT", "VOLUME", "PRICE", "CURRENCY", "DATE", "TIME", "VOYAGE"],
  ...["ROUTE", "ARRIVAL", "DEPARTURE", "INCIDENT", "INSPECTION", "DEFICIENCY", "DETENTION", "SANCTION"],
  ...["REGULATION", "AUTHORITY", "COURT", "PERSON", "CREW", "NATIONALITY"],
];
