"""Result types of the harm analysis: net harm, markets, appraisals, unintended harm, perception."""
