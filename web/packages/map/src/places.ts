// Towns to orient by: name, longitude, latitude, and the zoom from which the name is shown.
export const PLACES: readonly (readonly [string, number, number, number])[] = [
  ['London', -0.118, 51.509, 4], ['Edinburgh', -3.188, 55.953, 4], ['Cardiff', -3.179, 51.481, 4], ['Belfast', -5.93, 54.597, 4],
  ['Birmingham', -1.898, 52.481, 4], ['Manchester', -2.244, 53.48, 4], ['Glasgow', -4.252, 55.864, 5], ['Leeds', -1.549, 53.801, 5],
  ['Newcastle', -1.614, 54.978, 5], ['Bristol', -2.588, 51.454, 5], ['Inverness', -4.225, 57.478, 5], ['Aberdeen', -2.094, 57.15, 5],
  ['Plymouth', -4.143, 50.376, 5], ['Norwich', 1.297, 52.63, 5], ['Liverpool', -2.991, 53.411, 6], ['Sheffield', -1.47, 53.381, 6],
  ['Nottingham', -1.15, 52.954, 6], ['Southampton', -1.404, 50.91, 6], ['Leicester', -1.133, 52.637, 6], ['Carlisle', -2.938, 54.895, 6],
  ['Dundee', -2.971, 56.462, 6], ['Swansea', -3.944, 51.621, 6], ['Exeter', -3.533, 50.718, 6], ['Kendal', -2.744, 54.328, 7],
  ['York', -1.082, 53.96, 6], ['Hull', -0.336, 53.744, 6], ['Cambridge', 0.122, 52.205, 6], ['Oxford', -1.258, 51.752, 6],
  ['Brighton', -0.137, 50.822, 6], ['Dover', 1.313, 51.129, 6], ['Aberystwyth', -4.083, 52.415, 6], ['Holyhead', -4.633, 53.309, 6],
  ['Truro', -5.051, 50.263, 6], ['Stoke-on-Trent', -2.179, 53.003, 7], ['Derby', -1.477, 52.922, 7], ['Coventry', -1.511, 52.407, 7],
  ['Reading', -0.973, 51.454, 7], ['Portsmouth', -1.087, 50.805, 7], ['Peterborough', -0.243, 52.573, 7], ['Lincoln', -0.54, 53.227, 7],
  ['Middlesbrough', -1.235, 54.576, 7], ['Preston', -2.703, 53.763, 7], ['Gloucester', -2.238, 51.864, 7], ['Ipswich', 1.148, 52.059, 7],
  ['Bath', -2.36, 51.38, 7], ['Perth', -3.437, 56.395, 7], ['Fort William', -5.112, 56.82, 7], ['Stirling', -3.937, 56.117, 7],
  ['Chester', -2.892, 53.193, 8], ['Swindon', -1.78, 51.556, 8], ['Luton', -0.417, 51.879, 8], ['Bournemouth', -1.881, 50.72, 8],
  ['Blackpool', -3.056, 53.814, 8], ['Bradford', -1.752, 53.795, 8], ['Huddersfield', -1.785, 53.645, 8], ['Sunderland', -1.381, 54.906, 8],
  ['Durham', -1.576, 54.776, 8], ['Shrewsbury', -2.754, 52.707, 8], ['Worcester', -2.22, 52.192, 8], ['Northampton', -0.902, 52.24, 8],
  ['Milton Keynes', -0.759, 52.04, 8], ['Colchester', 0.901, 51.889, 8], ['Dumfries', -3.611, 55.07, 8], ['Penrith', -2.754, 54.664, 8],
];
