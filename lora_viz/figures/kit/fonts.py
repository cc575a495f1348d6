"""The fonts of the application, as CSS lists: for words, for numbers, for signs among numbers."""

TEXT_FONT = "Pretendard, Noto Emoji, sans-serif"
NUMBER_FONT = "JetBrains Mono NL, Pretendard, monospace"
SIGN_FONT = "JetBrains Mono NL, Pretendard, Noto Emoji, monospace"
