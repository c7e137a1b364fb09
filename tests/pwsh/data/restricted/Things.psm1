# What the restricted endpoint of tests/pwsh/restricted.ps1 offers.

function Get-Thing {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline)] [string] $Identity, [int] $Count = 1)
    process {
        foreach ($number in 1..$Count) { [pscustomobject]@{ Name = "$Identity$number"; Number = $number; Process = $PID } }
    }
}

function Remove-Thing {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param([Parameter(Mandatory)] [string] $Identity)
    if ($PSCmdlet.ShouldProcess($Identity)) { "removed $Identity" }
}

function Get-Everything {
    [CmdletBinding()]
    param()
    Write-Warning 'mind'
    Write-Information 'note'
    Write-Error 'bad' -ErrorId TheError
    Read-Host 'a question'
}

function Wait-Thing {
    [CmdletBinding()]
    param()
    'waiting'
    Start-Sleep 3600
}

Export-ModuleMember -Function *-*
