-- Most patterns read two columns of the dictionary whole: they are packed for speed of reading, 5 bytes a plate and 8 where they were 2 and 3.
-- What is stored already is written anew in the background. Figures: docs/decisions/0119.
ALTER TABLE plates MODIFY COLUMN vrm String CODEC(LZ4);
ALTER TABLE plates MODIFY COLUMN letters SimpleAggregateFunction(max, UInt64) CODEC(NONE);
ALTER TABLE plates REWRITE PARTS;
