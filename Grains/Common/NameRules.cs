using System.Text.RegularExpressions;
using InferMesh.Grains.Abstractions;

namespace InferMesh.Grains.Common;

/// <summary>Form of ids and names that become grain keys and URL segments.</summary>
internal static partial class NameRules
{
    public const string Form = "must be 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit";

    public static FieldError? Check(string field, string? value) =>
        value is not null && Pattern().IsMatch(value) ? null : new(field, $"'{Shorten(value)}' {Form}.");

    public static string Shorten(string? value) => value is null ? "" : value.Length <= 64 ? value : value[..64] + "...";

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
