// All words of Explore, for its answers: they say again what the question says.
import { answerWords } from './answer-words.ts'
import { ofOthersWords } from './of-others-words.ts'
import { exploreWords } from './words.ts'

export const allWords = { ...exploreWords, ...ofOthersWords, ...answerWords } as const
