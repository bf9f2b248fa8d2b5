using System.Text.RegularExpressions;
using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Http;

/// <summary>Form of ids: checked before a grain is called, because a call makes a grain for whatever key it is given.</summary>
internal static partial class Names
{
    public static bool IsValid(string? name) => name is not null && Form().IsMatch(name);

    public static FieldError Error(string field) =>
        new(field, "must be 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit.");

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
