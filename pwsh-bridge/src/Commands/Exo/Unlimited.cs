using System;
using System.Globalization;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>A number of results, or no limit.</summary>
public readonly struct Unlimited
{
    /// <summary>So many.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
    public Unlimited(int count)
    {
        if (count <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(count), "ResultSize must be greater than 0");
        }
        _count = count;
    }

    /// <summary>Reads a number, or the word in any casing.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static Unlimited Parse(string text) =>
        Word.Equals(text?.Trim(), StringComparison.OrdinalIgnoreCase) ? default
        : int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int count) ? new Unlimited(count)
        : throw new FormatException($"ResultSize must be a whole number or Unlimited, and '{text}' is neither");

    /// <inheritdoc/>
    public override string ToString() => _count == 0 ? Word : _count.ToString(CultureInfo.InvariantCulture);

    private const string Word = "Unlimited";

    /// <summary>0: no limit.</summary>
    private readonly int _count;
}
