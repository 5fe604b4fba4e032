"""Results of this room: net harm, markets, appraisals, unintended harm."""
