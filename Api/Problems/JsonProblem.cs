using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.Grains.Abstractions;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Problems;

/// <summary>Says in the caller's terms what is wrong with a JSON body, and where.</summary>
internal static partial class JsonProblem
{
    public static ProblemDetails Of(JsonException exception)
    {
        var error = ErrorOf(exception);
        var problem = Problem.Invalid([error with { Message = $"{error.Message}{Place(exception)}" }]);
        if (exception.LineNumber is { } line) problem.Extensions["line"] = line + 1;
        if (exception.BytePositionInLine is { } position) problem.Extensions["position"] = position + 1;
        return problem;
    }

    /// <summary>The same without the place in the text, which is none of the caller's where a part of a body is read.</summary>
    public static FieldError ErrorOf(JsonException exception)
    {
        var field = Field(exception.Path);
        return new(field, Reason(exception, field));
    }

    private static string Reason(JsonException exception, string field)
    {
        if (UnknownMember().Match(exception.Message) is { Success: true } unknown)
            return $"\"{unknown.Groups[1].Value}\" is not a member here";
        if (DuplicateMember().Match(exception.Message) is { Success: true } duplicate)
            return $"\"{duplicate.Groups[1].Value}\" is given twice";
        if (WrongType().Match(exception.Message) is { Success: true } wrong)
            return $"must be {JsonTypes.Describe(wrong.Groups[1].Value)}";
        return field.Length > 0 ? "cannot be read" : "is not valid JSON";
    }

    private static string Place(JsonException exception) =>
        exception.LineNumber is { } line ? $" (line {line + 1}, position {exception.BytePositionInLine + 1})" : "";

    private static string Field(string? path) => path is null or "$" ? "" : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path.TrimStart('$');

    [GeneratedRegex("""JSON property '(.*?)' could not be mapped""", RegexOptions.CultureInvariant)]
    private static partial Regex UnknownMember();

    [GeneratedRegex("""Duplicate property '(.*?)'""", RegexOptions.CultureInvariant)]
    private static partial Regex DuplicateMember();

    [GeneratedRegex("""could not be converted to ([^ ]+?)\.(?: |$)""", RegexOptions.CultureInvariant)]
    private static partial Regex WrongType();
}
